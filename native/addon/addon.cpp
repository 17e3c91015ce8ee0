// The module: NativeAddon of lib/engine/binding.ts.
#include "addon/callback.h"
#include "addon/device_object.h"
#include "addon/environment.h"
#include "addon/format_lists.h"
#include "addon/found_devices.h"
#include "addon/program_object.h"
#include "addon/ranks.h"
#include "addon/tensor_object.h"

namespace bilevel::addon {
namespace {

Napi::Value shut_down(const Napi::CallbackInfo& info) {
  Environment::of(info.Env()).shut_down();
  return info.Env().Undefined();
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  guarded(env, [&] {
    Environment::attach(env);
    Environment::of(env).program_constructor = Napi::Persistent(ProgramObject::define(env));
    Environment::of(env).tensor_constructor = Napi::Persistent(TensorObject::define(env));
    exports.Set("format", create_format_lists(env));
    exports.Set("Device", DeviceObject::define(env));
    exports.Set("findDevices", Napi::Function::New(env, find_devices, "findDevices"));
    exports.Set("joinRanks", Napi::Function::New(env, join_ranks, "joinRanks"));
    exports.Set("sumsOfRanks", Napi::Function::New(env, sums_of_ranks, "sumsOfRanks"));
    exports.Set("leaveRanks", Napi::Function::New(env, leave_ranks, "leaveRanks"));
    exports.Set("shutDown", Napi::Function::New(env, shut_down, "shutDown"));
  });
  return exports;
}

}  // namespace

NODE_API_MODULE(bilevel, initialize)

}  // namespace bilevel::addon
