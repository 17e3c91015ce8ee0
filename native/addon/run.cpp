#include "addon/run.h"

#include <utility>

#include "addon/callback.h"

namespace bilevel::addon {

void Run::prepare(std::shared_ptr<DeviceState> device, std::shared_ptr<cpu::Executable> executable, int32_t steps,
                  int32_t* control, std::span<double> seconds) {
  executor_ = &device->executor();
  device_ = std::move(device);
  executable_ = std::move(executable);
  steps_ = steps;
  control_ = control;
  seconds_ = seconds;
}

void Run::bind(const LeasedRange& range) {
  lease_.add(range);
  tensors_.push_back(reinterpret_cast<std::byte*>(range.begin));
}

Napi::Value Run::promise(Napi::Env env) {
  napi_value promise = nullptr;
  env_ = env;
  if (napi_create_promise(env, &deferred_, &promise) != napi_ok) {
    throw Error("NATIVE_FAILURE", "Cannot create the promise of a run.");
  }
  return {env, promise};
}

void Run::start(size_t position) {
  position_ = position;
  device_->begin_run();
  executor_->submit(*this);
}

void Run::complete() {
  device_->begin_run();
  compute();
  settle();
}

void Run::execute() noexcept {
  compute();
  environment_.post(*this);
}

void Run::compute() noexcept {
  try {
    const cpu::Control control(control_, executor_->cancelled());
    completed_steps_ = executable_->run(tensors_, steps_, control, seconds_);
  } catch (...) {
    std::tie(error_code_, error_message_) = describe_current_exception();
  }
}

void Run::settle() {
  lease_.release();
  // None of these calls throws: they fail without harm when the environment may not run JavaScript any more.
  if (error_code_ != nullptr) {
    napi_reject_deferred(env_, deferred_, create_error(env_, error_code_, error_message_));
  } else if (device_->disposed() && completed_steps_ < steps_) {
    napi_reject_deferred(env_, deferred_, create_error(env_, "DISPOSED", "The device was disposed of during the run."));
  } else {
    napi_value completed_steps = nullptr;
    napi_create_int32(env_, completed_steps_, &completed_steps);
    napi_resolve_deferred(env_, deferred_, completed_steps);
  }
  device_->end_run();
  device_.reset();
  executable_.reset();
  pins_.Reset();
  tensors_.clear();
  completed_steps_ = 0;
  error_code_ = nullptr;
  error_message_.clear();
}

}  // namespace bilevel::addon
