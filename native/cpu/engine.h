// The processor as a device.
#pragma once

#include <memory>

#include "cpu/kernel/settings.h"
#include "engine/engine.h"
#include "engine/found_device.h"
#include "engine/ranks.h"

namespace bilevel::cpu {

// With fewer threads than asked for where the system does not let so many start. Throws DEVICE_UNAVAILABLE when the
// processor does not have the precision. `ranks`: what it computes together with; null for a process that computes
// alone.
std::shared_ptr<const Engine> make_engine(Settings settings, std::shared_ptr<const Ranks> ranks = nullptr);

FoundDevice find_device();

}  // namespace bilevel::cpu
