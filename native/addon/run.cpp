#include "addon/run.h"

#include <utility>

#include "addon/callback.h"

namespace bilevel::addon {

Run::Run(Napi::Env env, std::shared_ptr<DeviceState> device, std::shared_ptr<cpu::Executable> executable, Inputs inputs)
    : environment_(Environment::of(env)),
      device_(std::move(device)),
      executable_(std::move(executable)),
      executor_(device_->executor()),
      inputs_(std::move(inputs)),
      env_(env) {
  if (napi_create_promise(env, &deferred_, &promise_) != napi_ok) {
    throw Error("NATIVE_FAILURE", "Cannot create the promise of a run.");
  }
}

void Run::start(Position position) {
  position_ = position;
  device_->begin_run();
  executor_.submit(*this);
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
    const cpu::Control control(inputs_.control, executor_.cancelled());
    completed_steps_ = executable_->run(inputs_.tensors, inputs_.steps, control, inputs_.seconds);
  } catch (...) {
    std::tie(error_code_, error_message_) = describe_current_exception();
  }
}

void Run::settle() {
  inputs_.lease->release();
  // None of these calls throws: they fail without harm when the environment may not run JavaScript any more.
  if (error_code_ != nullptr) {
    napi_reject_deferred(env_, deferred_, create_error(env_, error_code_, error_message_));
  } else if (device_->disposed() && completed_steps_ < inputs_.steps) {
    napi_reject_deferred(env_, deferred_, create_error(env_, "DISPOSED", "The device was disposed of during the run."));
  } else {
    napi_value completed_steps = nullptr;
    napi_create_int32(env_, completed_steps_, &completed_steps);
    napi_resolve_deferred(env_, deferred_, completed_steps);
  }
  device_->end_run();
}

}  // namespace bilevel::addon
