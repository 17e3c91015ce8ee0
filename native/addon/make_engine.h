// The engine that the options of a device name: the one place of the addon that knows which engines there are.
#pragma once

#include <memory>

#include "addon/napi_setup.h"
#include "engine/engine.h"

namespace bilevel::addon {

// Runs JavaScript. Throws INVALID_ARGUMENT naming the option, or DEVICE_UNAVAILABLE.
std::shared_ptr<const Engine> make_engine(Napi::Value options);

}  // namespace bilevel::addon
