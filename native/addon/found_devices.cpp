#include "addon/found_devices.h"

#include <cstdint>
#include <vector>

#include "addon/callback.h"
#include "addon/engines.h"

namespace bilevel::addon {
namespace {

// What is not known is left out.
void set(Napi::Object object, const char* key, const std::string& text) {
  if (!text.empty()) object.Set(key, text);
}

Napi::Object describe(Napi::Env env, const FoundLibrary& library) {
  auto object = Napi::Object::New(env);
  set(object, "name", library.name);
  set(object, "version", library.version);
  set(object, "path", library.path);
  return object;
}

Napi::Object describe(Napi::Env env, const FoundDevice& device) {
  auto object = Napi::Object::New(env);
  set(object, "kind", device.kind);
  object.Set("index", device.index);
  set(object, "name", device.name);
  if (device.memory > 0) object.Set("memory", static_cast<double>(device.memory));
  set(object, "computeCapability", device.compute_capability);
  auto precisions = Napi::Array::New(env, device.precisions.size());
  for (uint32_t i = 0; i < device.precisions.size(); ++i) precisions.Set(i, device.precisions[i]);
  object.Set("precisions", precisions);
  auto libraries = Napi::Array::New(env, device.libraries.size());
  for (uint32_t i = 0; i < device.libraries.size(); ++i) libraries.Set(i, describe(env, device.libraries[i]));
  object.Set("libraries", libraries);
  set(object, "reason", device.reason);
  return object;
}

}  // namespace

Napi::Value find_devices(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return guarded(env, [&]() -> Napi::Value {
    const std::vector<FoundDevice> found = find_devices();
    auto list = Napi::Array::New(env, found.size());
    for (uint32_t i = 0; i < found.size(); ++i) list.Set(i, describe(env, found[i]));
    return list;
  });
}

}  // namespace bilevel::addon
