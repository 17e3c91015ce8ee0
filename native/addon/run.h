// One run of a program: made on the JavaScript thread, executed on the device's thread or at once, settled on the
// JavaScript thread, and used again for a later one, so that a call allocates nothing of its own.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "addon/callback.h"
#include "addon/device_state.h"
#include "addon/environment.h"
#include "addon/lease.h"
#include "addon/napi_setup.h"
#include "engine/engine.h"

namespace bilevel::addon {

class Run final : public Job {
 public:
  explicit Run(Environment& environment) : environment_(environment) {}

  // What JavaScript passed as the tensors, to be read into; valid until the callback returns.
  std::vector<Napi::Value>& values() { return values_; }

  // What is run and where, and how often; without a program only what is queued on the device is carried out. `control`
  // and `seconds`, which is empty or has one element for each instruction, stay the caller's.
  void prepare(std::shared_ptr<DeviceState> device, std::shared_ptr<Executable> executable, int32_t steps,
               int32_t* control, std::span<double> seconds);
  // The memory of the next binding.
  void bind(const LeasedRange& range, const DeviceTensor* tensor);
  Lease& lease() { return lease_; }

  // The promise that the run settles, valid until the callback returns. Promise hooks make this run JavaScript.
  Napi::Value promise(Napi::Env env);

  // The run is one of its device's from here until it settles. False when the device has been disposed of: then the run
  // has failed.
  bool begin();

  // Keeps the memory of the tensors, of control and of seconds alive until the run has settled; ends the use of
  // values(). False when it cannot: then the run has failed.
  bool pin(Napi::Value control, Napi::Value seconds);

  // Hands the run, which the environment keeps at `position`, to the device's thread.
  void start(size_t position);
  size_t position() const { return position_; }
  void move_to(size_t position) { position_ = position; }
  // Executes it, unless it has failed, and settles it on the calling thread, the JavaScript thread.
  void complete();

  void execute() noexcept override;
  // Also lets go of all that the run has used. Promise hooks make this run JavaScript.
  void settle();

 private:
  void compute() noexcept;
  // Keeps the exception being handled for settle().
  void fail() noexcept { std::tie(error_code_, error_message_) = describe_current_exception(); }

  Environment& environment_;
  std::vector<Napi::Value> values_;
  std::shared_ptr<DeviceState> device_;
  std::shared_ptr<Executable> executable_;
  Executor* executor_ = nullptr;
  const Engine* engine_ = nullptr;
  std::vector<Place> tensors_;
  std::vector<QueuedCopy> copies_;  // before it
  int32_t steps_ = 0;
  int32_t* control_ = nullptr;
  std::span<double> seconds_;
  Lease lease_;
  std::vector<Napi::ObjectReference> pins_;
  napi_env env_ = nullptr;
  napi_deferred deferred_ = nullptr;
  size_t position_ = 0;
  int32_t completed_steps_ = 0;
  const char* error_code_ = nullptr;
  std::string error_message_;
};

}  // namespace bilevel::addon
