#include "engine/executor.h"

#include "engine/spin.h"

namespace bilevel {
namespace {

// How long the thread looks for the next job before it sleeps: callers that await one short run after the other send
// the next within this time, and to wake the thread takes longer.
constexpr std::chrono::microseconds kPatience{50};

}  // namespace

Executor::Executor(std::shared_ptr<const Engine> engine) : engine_(std::move(engine)), thread_([this] { loop(); }) {}

Executor::~Executor() {
  cancel();
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    called_.store(true, std::memory_order_relaxed);
  }
  wake_.notify_one();
  thread_.join();
}

void Executor::submit(Job& job) {
  {
    const std::lock_guard lock(mutex_);
    job.next_ = nullptr;
    (last_ == nullptr ? first_ : last_->next_) = &job;
    last_ = &job;
    called_.store(true, std::memory_order_relaxed);
  }
  wake_.notify_one();
}

void Executor::loop() {
  const std::shared_ptr<void> entered = engine_->enter();
  std::unique_lock lock(mutex_);
  while (true) {
    if (first_ == nullptr && !closing_) {
      called_.store(false, std::memory_order_relaxed);
      lock.unlock();
      spin_until([&] { return called_.load(std::memory_order_relaxed); }, kPatience);
      lock.lock();
      wake_.wait(lock, [&] { return first_ != nullptr || closing_; });
    }
    if (first_ == nullptr) return;
    Job* const job = first_;
    first_ = job->next_;
    if (first_ == nullptr) last_ = nullptr;
    lock.unlock();
    job->execute();
    lock.lock();
  }
}

}  // namespace bilevel
