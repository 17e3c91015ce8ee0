// The one place of the addon that knows which engines there are.
#pragma once

#include <memory>
#include <vector>

#include "addon/napi_setup.h"
#include "engine/engine.h"
#include "engine/found_device.h"

namespace bilevel::addon {

// The engine that the options of a device name. Runs JavaScript. Throws INVALID_ARGUMENT naming the option, or
// DEVICE_UNAVAILABLE.
std::shared_ptr<const Engine> make_engine(Napi::Value options);

// Of all engines.
std::vector<FoundDevice> find_devices();

}  // namespace bilevel::addon
