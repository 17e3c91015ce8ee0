// findDevices() of lib/engine/binding.ts.
#pragma once

#include "addon/napi_setup.h"

namespace bilevel::addon {

Napi::Value find_devices(const Napi::CallbackInfo& info);

}  // namespace bilevel::addon
