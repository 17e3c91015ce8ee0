// The processor as a device.
#pragma once

#include <memory>

#include "cpu/kernel/settings.h"
#include "engine/engine.h"
#include "engine/found_device.h"

namespace bilevel::cpu {

// With fewer threads than asked for where the system does not let so many start. Throws DEVICE_UNAVAILABLE when the
// processor does not have the precision.
std::shared_ptr<const Engine> make_engine(Settings settings);

FoundDevice find_device();

}  // namespace bilevel::cpu
