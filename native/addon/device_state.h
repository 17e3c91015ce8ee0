// The part of a device that its programs and runs share. It outlives the JavaScript object while any of them needs it.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "addon/queued_copy.h"
#include "engine/executor.h"
#include "program/error.h"

namespace bilevel::addon {

// All functions are called on the JavaScript thread.
class DeviceState {
 public:
  explicit DeviceState(std::shared_ptr<const Engine> engine) : engine_(engine), executor_(std::in_place, engine) {}

  // Both throw DISPOSED after dispose() or stop().
  const Engine& engine() const {
    check();
    return *engine_;
  }
  Executor& executor() {
    check();
    return *executor_;
  }
  bool disposed() const { return disposed_; }

  // What is queued is carried out before the run that takes it.
  void queue(QueuedCopy copy) {
    check();
    copies_.push_back(std::move(copy));
  }
  std::vector<QueuedCopy> take_copies() { return std::exchange(copies_, {}); }

  bool runs_one() const { return runs_ == 1; }
  void begin_run() { ++runs_; }
  void end_run() {
    --runs_;
    if (disposed_ && runs_ == 0) stop();
  }

  // Refuses new runs and cancels the others; the thread ends with the last of them. Does not wait for a step.
  void dispose() {
    disposed_ = true;
    cancel();
    if (runs_ == 0) stop();
  }

  void cancel() {
    if (executor_) executor_->cancel();
  }

  // Joins the thread: waits for the step in progress.
  void stop() {
    executor_.reset();
    copies_.clear();
  }

 private:
  void check() const {
    if (disposed_ || !executor_) throw Error("DISPOSED", "The device has been disposed of.");
  }

  const std::shared_ptr<const Engine> engine_;
  std::optional<Executor> executor_;
  std::vector<QueuedCopy> copies_;
  int runs_ = 0;
  bool disposed_ = false;
};

}  // namespace bilevel::addon
