#include "addon/run.h"

#include <algorithm>
#include <utility>

namespace bilevel::addon {

void Run::prepare(std::shared_ptr<DeviceState> device, std::shared_ptr<Executable> executable, int32_t steps,
                  int32_t* control, std::span<double> seconds) {
  device->executor();  // refuses a device that has been disposed of
  device_ = std::move(device);
  executable_ = std::move(executable);
  steps_ = steps;
  control_ = control;
  seconds_ = seconds;
}

void Run::bind(const LeasedRange& range, const DeviceTensor* tensor) {
  lease_.add(range);
  tensors_.push_back({reinterpret_cast<std::byte*>(range.begin), tensor});
}

bool Run::pin(Napi::Value control, Napi::Value seconds) {
  constexpr size_t kMostPacked = 1024;  // arguments are passed on the stack
  values_.push_back(control);
  values_.push_back(seconds);
  try {
    for (std::span<const Napi::Value> rest = values_; !rest.empty();) {
      const auto packed = rest.first(std::min(rest.size(), kMostPacked));
      pins_.push_back(environment_.pack(packed));
      rest = rest.subspan(packed.size());
    }
    return true;
  } catch (...) {
    fail();
    return false;
  }
}

Napi::Value Run::promise(Napi::Env env) {
  napi_value promise = nullptr;
  env_ = env;
  if (napi_create_promise(env, &deferred_, &promise) != napi_ok) {
    throw Error("NATIVE_FAILURE", "Cannot create the promise of a run.");
  }
  return {env, promise};
}

bool Run::begin() {
  device_->begin_run();
  try {
    executor_ = &device_->executor();
    engine_ = &device_->engine();
    return true;
  } catch (...) {
    fail();
    return false;
  }
}

void Run::start(size_t position) {
  position_ = position;
  copies_ = device_->take_copies();
  executor_->submit(*this);
}

void Run::complete() {
  if (error_code_ == nullptr) compute();
  settle();
}

void Run::execute() noexcept {
  compute();
  environment_.post(*this);
}

void Run::compute() noexcept {
  try {
    if (!copies_.empty()) {
      std::vector<Copy> copies;
      for (const QueuedCopy& queued : copies_) copies.push_back(queued.copy);
      engine_->copy(copies);
    }
    if (!executable_) return;
    const Control control(control_, executor_->cancelled());
    completed_steps_ = executable_->run(tensors_, steps_, control, seconds_);
  } catch (...) {
    fail();
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
  values_.clear();
  pins_.clear();
  tensors_.clear();
  copies_.clear();
  completed_steps_ = 0;
  error_code_ = nullptr;
  error_message_.clear();
}

}  // namespace bilevel::addon
