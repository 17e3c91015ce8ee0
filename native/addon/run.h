// One run of a program: made on the JavaScript thread, executed on the device's thread or at once, settled on the
// JavaScript thread.
#pragma once

#include <list>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "addon/device_state.h"
#include "addon/environment.h"
#include "addon/lease.h"
#include "addon/napi_setup.h"
#include "cpu/executable.h"

namespace bilevel::addon {

class Run final : public cpu::Job {
 public:
  struct Inputs {
    std::vector<std::byte*> tensors;
    int32_t steps;
    int32_t* control;
    std::span<double> seconds;  // empty, or one element for each instruction
    std::unique_ptr<Lease> lease;
    Napi::ObjectReference pins;  // keeps the memory of the tensors, of control and of seconds alive meanwhile
  };

  Run(Napi::Env env, std::shared_ptr<DeviceState> device, std::shared_ptr<cpu::Executable> executable, Inputs inputs);

  napi_value promise() const { return promise_; }  // valid until the constructing callback returns

  using Position = std::list<std::unique_ptr<Run>>::iterator;
  // Where the environment keeps this run.
  Position position() const { return position_; }
  void start(Position position);
  // Executes and settles it on the calling thread, the JavaScript thread.
  void complete();

  void execute() noexcept override;
  void settle();

 private:
  void compute() noexcept;

  Environment& environment_;
  std::shared_ptr<DeviceState> device_;
  std::shared_ptr<cpu::Executable> executable_;
  cpu::Executor& executor_;
  Inputs inputs_;
  napi_env env_;
  napi_deferred deferred_ = nullptr;
  napi_value promise_ = nullptr;
  Position position_;
  int32_t completed_steps_ = 0;
  const char* error_code_ = nullptr;
  std::string error_message_;
};

}  // namespace bilevel::addon
