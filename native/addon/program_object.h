// NativeProgram of lib/engine/binding.ts.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "addon/device_state.h"
#include "addon/lease.h"
#include "addon/napi_setup.h"
#include "addon/type_tags.h"
#include "engine/engine.h"

namespace bilevel::addon {

class ProgramObject final : public Napi::ObjectWrap<ProgramObject> {
 public:
  static constexpr const char* kName = "Program";
  static constexpr const napi_type_tag& kTag = kProgramTag;
  static Napi::Function define(Napi::Env env);
  static Napi::Value create(Napi::Env env, std::shared_ptr<DeviceState> device, std::shared_ptr<Executable> executable,
                            std::vector<std::string> names);

  // Makes an empty object, which counts as disposed of; only create() fills it.
  explicit ProgramObject(const Napi::CallbackInfo& info);
  ~ProgramObject() override { release(); }

  Napi::Value run(const Napi::CallbackInfo& info);
  Napi::Value instruction_count(const Napi::CallbackInfo& info);
  Napi::Value dispose(const Napi::CallbackInfo& info);

 private:
  void release();
  // Tells the garbage collector how much a forgotten program would hold.
  void account(int64_t bytes);
  bool runs_at_once(Napi::Env env, int32_t steps) const;
  LeasedRange check_tensor(size_t binding, Napi::Value value, int32_t steps) const;
  // Throws TENSOR_IN_USE, and names the binding.
  void acquire(Lease& lease) const;

  std::shared_ptr<DeviceState> device_;
  std::shared_ptr<Executable> executable_;
  std::vector<std::string> names_;  // of the bindings
  int64_t accounted_bytes_ = 0;
};

}  // namespace bilevel::addon
