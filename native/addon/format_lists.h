// The code lists of the encoded program as this addon was compiled with them; a test compares them with lib/encoded.ts.
#pragma once

#include "addon/napi_setup.h"

namespace bilevel::addon {

Napi::Object create_format_lists(Napi::Env env);

}  // namespace bilevel::addon
