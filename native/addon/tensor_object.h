// NativeTensor of lib/engine/binding.ts: memory on a device for the elements of a tensor.
#pragma once

#include <memory>

#include "addon/device_state.h"
#include "addon/napi_setup.h"
#include "addon/type_tags.h"

namespace bilevel::addon {

class TensorObject final : public Napi::ObjectWrap<TensorObject> {
 public:
  static constexpr const char* kName = "Tensor";
  static constexpr const napi_type_tag& kTag = kTensorTag;
  static Napi::Function define(Napi::Env env);
  // `view`: the typed array of the tensor on the host, of so many bytes.
  static Napi::Value create(std::shared_ptr<DeviceState> device, std::shared_ptr<DeviceTensor> tensor, Napi::Value view,
                            int64_t bytes);
  // Null for any other value. Runs no JavaScript.
  static const TensorObject* of(Napi::Value value);

  // Makes an empty object; only create() fills it.
  explicit TensorObject(const Napi::CallbackInfo& info);
  ~TensorObject() override;

  const std::shared_ptr<DeviceState>& device() const { return device_; }
  const std::shared_ptr<DeviceTensor>& tensor() const { return tensor_; }
  Napi::Value view() const { return view_.Value(); }
  int64_t bytes() const { return bytes_; }

 private:
  std::shared_ptr<DeviceState> device_;
  std::shared_ptr<DeviceTensor> tensor_;
  Napi::ObjectReference view_;
  int64_t bytes_ = 0;
};

}  // namespace bilevel::addon
