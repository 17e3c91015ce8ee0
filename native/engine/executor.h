// A device's own thread. Runs wait in a queue and are executed one after the other, so the JavaScript thread and
// libuv's pool never compute.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "engine/engine.h"

namespace bilevel {

// Work for an executor, linked into its queue without an allocation.
class Job {
 public:
  virtual ~Job() = default;
  // Called once on the executor's thread. After it returns the executor does not touch the job again, so it may hand
  // itself to another thread.
  virtual void execute() noexcept = 0;

 private:
  friend class Executor;
  Job* next_ = nullptr;
};

class Executor {
 public:
  // Starts the thread, which enters the engine.
  explicit Executor(std::shared_ptr<const Engine> engine);
  // Cancels, executes what is still queued, and joins the thread: that takes as long as the step in progress.
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // The job must stay alive until it has been executed.
  void submit(Job& job);

  // Asks all jobs, running and queued, to end as soon as they may; does not wait.
  void cancel() { cancelled_.store(true, std::memory_order_relaxed); }
  const std::atomic<bool>& cancelled() const { return cancelled_; }

 private:
  void loop();

  const std::shared_ptr<const Engine> engine_;
  std::atomic<bool> cancelled_ = false;
  std::mutex mutex_;
  std::condition_variable wake_;
  Job* first_ = nullptr;
  Job* last_ = nullptr;
  bool closing_ = false;
  std::atomic<bool> called_ = false;  // what the thread looks at before it sleeps: whether a job came, or the end
  std::thread thread_;
};

}  // namespace bilevel
