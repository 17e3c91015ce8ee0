// NativeDevice of lib/engine/binding.ts.
#pragma once

#include <memory>

#include "addon/device_state.h"
#include "addon/napi_setup.h"
#include "addon/type_tags.h"

namespace bilevel::addon {

class DeviceObject final : public Napi::ObjectWrap<DeviceObject> {
 public:
  static constexpr const char* kName = "Device";
  static constexpr const napi_type_tag& kTag = kDeviceTag;
  static Napi::Function define(Napi::Env env);

  explicit DeviceObject(const Napi::CallbackInfo& info);

  Napi::Value info(const Napi::CallbackInfo& info);
  Napi::Value create_program(const Napi::CallbackInfo& info);
  Napi::Value allocate(const Napi::CallbackInfo& info);
  Napi::Value copy(const Napi::CallbackInfo& info);
  Napi::Value flush(const Napi::CallbackInfo& info);
  Napi::Value dispose(const Napi::CallbackInfo& info);

 private:
  std::shared_ptr<DeviceState> state_;
};

}  // namespace bilevel::addon
