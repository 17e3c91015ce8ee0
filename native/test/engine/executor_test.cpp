// The executor's queue, and when its thread enters the engine.
#include "engine/executor.h"

#include <array>
#include <chrono>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

#include "program/error.h"
#include "test/support/test.h"

namespace bilevel {
namespace {

// Runs nothing, and notes what the executor's thread does with it.
class TestEngine final : public Engine {
 public:
  DeviceInfo info() const override { return {}; }
  std::shared_ptr<Executable> load(Program, std::span<const std::byte>) const override {
    throw Error("NATIVE_FAILURE", "This engine runs nothing.");
  }
  std::shared_ptr<void> enter() const override {
    log += "entered ";
    return {nullptr, [this](void*) { log += "left "; }};
  }

  mutable std::string log;  // of the executor's thread
};

class Recorder final : public Job {
 public:
  Recorder(std::vector<int>& order, int number, std::binary_semaphore* gate)
      : order_(order), number_(number), gate_(gate) {}
  void execute() noexcept override {
    if (gate_ != nullptr) gate_->acquire();
    order_.push_back(number_);
  }

 private:
  std::vector<int>& order_;
  int number_;
  std::binary_semaphore* gate_;
};

TEST(an_executor_executes_all_jobs_in_order_before_it_ends) {
  std::vector<int> order;
  std::binary_semaphore gate(0);
  Recorder first(order, 1, &gate), second(order, 2, nullptr), third(order, 3, nullptr);
  const auto engine = std::make_shared<TestEngine>();
  {
    Executor executor(engine);
    executor.submit(first);
    executor.submit(second);
    executor.submit(third);
    gate.release();
    CHECK(!executor.cancelled());
  }
  CHECK((order == std::vector{1, 2, 3}));
  CHECK(engine->log == "entered left ", engine->log);
}

class Signal final : public Job {
 public:
  void execute() noexcept override { executed.release(); }
  std::binary_semaphore executed{0};
};

TEST(an_executor_executes_what_comes_while_it_looks_for_jobs_and_while_it_sleeps) {
  std::array<Signal, 40> jobs;
  Executor executor(std::make_shared<TestEngine>());
  for (int pause = 0; pause < 40; ++pause) {
    std::this_thread::sleep_for(std::chrono::microseconds(10 * pause));
    Signal& job = jobs[static_cast<size_t>(pause)];
    executor.submit(job);
    CHECK(job.executed.try_acquire_for(std::chrono::seconds(10)), "after a pause of", 10 * pause, "us");
  }
}

}  // namespace
}  // namespace bilevel
