// Processes that compute together, for JavaScript.
#pragma once

#include "addon/napi_setup.h"

namespace bilevel::addon {

// (path of the library, seconds) => { rank, hosts }
Napi::Value join_ranks(const Napi::CallbackInfo& info);
// () => { calls, bytes } of the sums so far.
Napi::Value sums_of_ranks(const Napi::CallbackInfo& info);
// (status): leaves where it is 0, else ends all ranks.
Napi::Value leave_ranks(const Napi::CallbackInfo& info);

}  // namespace bilevel::addon
