// What the addon keeps per Node environment (the main thread, or one worker): its devices, its runs in progress, and
// the way back to its JavaScript thread. Nothing is static, so environments come and go independently.
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <vector>

#include "addon/napi_setup.h"
#include "engine/engine.h"

namespace bilevel::addon {

class DeviceState;
class Run;

class Environment {
 public:
  // Creates the environment's data and registers its cleanup. Call once, when the module is loaded.
  static void attach(Napi::Env env);
  static Environment& of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }

  explicit Environment(Napi::Env env);

  // Throws DISPOSED when the environment is shutting down.
  std::shared_ptr<DeviceState> create_device(std::shared_ptr<const Engine> engine);

  // Whether this thread may compute for so long now. Sending a short run away would take this thread longer than the
  // run itself; and a loop that awaits one after the other must come by the event loop, or no timer or signal is
  // heeded.
  bool may_compute(std::chrono::nanoseconds time) const;

  // A run for the next call, which has been used before where one is free.
  std::unique_ptr<Run> take_run();
  // Keeps a run that has settled for a later call.
  void keep(std::unique_ptr<Run> run);

  // Queues a run on its device and keeps the event loop alive until it has settled.
  void start(std::unique_ptr<Run> run);

  // Called on a device's thread when a run has ended; the run settles on the JavaScript thread.
  void post(Run& run) noexcept;

  // Stops all devices and waits for the steps in progress. No run settles afterwards.
  void shut_down() noexcept;

  // A new array that holds the values. Runs no code but its own: to set the elements of an array from here would call
  // the setters that Array.prototype may have been given.
  Napi::ObjectReference pack(std::span<const Napi::Value> values) const;

  Napi::FunctionReference program_constructor, tensor_constructor;

 private:
  static void on_post(napi_env env, napi_value function, void* context, void* run);
  void settle(Run& run);

  Napi::Env env_;
  Napi::FunctionReference pack_;
  napi_threadsafe_function notify_ = nullptr;
  std::vector<std::weak_ptr<DeviceState>> devices_;
  std::vector<std::unique_ptr<Run>> runs_;  // in progress
  std::vector<std::unique_ptr<Run>> free_runs_;
  bool closed_ = false;
  std::chrono::steady_clock::time_point turned_;  // when the event loop last settled a run
};

}  // namespace bilevel::addon
