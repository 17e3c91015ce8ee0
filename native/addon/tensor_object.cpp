#include "addon/tensor_object.h"

#include <utility>

#include "addon/environment.h"

namespace bilevel::addon {

Napi::Function TensorObject::define(Napi::Env env) { return DefineClass(env, kName, {}); }

Napi::Value TensorObject::create(std::shared_ptr<DeviceState> device, std::shared_ptr<DeviceTensor> tensor,
                                 Napi::Value view, int64_t bytes) {
  const Napi::Env env = view.Env();
  const Napi::Object object = Environment::of(env).tensor_constructor.New({});
  TensorObject& made = *Unwrap(object);
  made.device_ = std::move(device);
  made.tensor_ = std::move(tensor);
  made.view_ = Napi::Persistent(view.As<Napi::Object>());
  made.bytes_ = bytes;
  Napi::MemoryManagement::AdjustExternalMemory(env, bytes);
  return object;
}

const TensorObject* TensorObject::of(Napi::Value value) {
  bool is_ours = false;
  void* object = nullptr;
  const napi_env env = value.Env();
  if (!value.IsObject() || napi_check_object_type_tag(env, value, &kTag, &is_ours) != napi_ok || !is_ours ||
      napi_unwrap(env, value, &object) != napi_ok) {
    return nullptr;
  }
  const auto* const found = static_cast<const TensorObject*>(object);
  return found->tensor_ == nullptr ? nullptr : found;
}

TensorObject::TensorObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  napi_type_tag_object(info.Env(), info.This(), &kTag);
}

TensorObject::~TensorObject() {
  if (bytes_ > 0) Napi::MemoryManagement::AdjustExternalMemory(Env(), -bytes_);
}

}  // namespace bilevel::addon
