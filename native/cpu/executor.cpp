#include "cpu/executor.h"

#include "cpu/team.h"

namespace bilevel::cpu {

Executor::Executor(int threads) : threads_(threads), thread_([this] { loop(); }) {}

Executor::~Executor() {
  cancel();
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
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
  }
  wake_.notify_one();
}

void Executor::loop() {
  Team team(threads_);
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [&] { return first_ != nullptr || closing_; });
    if (first_ == nullptr) return;
    Job* const job = first_;
    first_ = job->next_;
    if (first_ == nullptr) last_ = nullptr;
    lock.unlock();
    job->execute();
    lock.lock();
  }
}

}  // namespace bilevel::cpu
