// A program with its memory and kernels: what a CPU device loads once and runs many times.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "cpu/block.h"
#include "cpu/kernel.h"
#include "cpu/settings.h"

namespace bilevel::cpu {

// How the two sides of a run talk while it goes on. Both words are shared with JavaScript.
class Control {
 public:
  // `words[0]` non-zero asks the run to stop; `words[1]` counts the steps completed. `cancelled` is the executor's own
  // request. All must outlive the run.
  Control(int32_t* words, const std::atomic<bool>& cancelled) : words_(words), cancelled_(cancelled) {}

  bool stop_requested() const {
    return std::atomic_ref(words_[0]).load(std::memory_order_relaxed) != 0 ||
           cancelled_.load(std::memory_order_relaxed);
  }
  void publish(int32_t completed_steps) const {
    std::atomic_ref(words_[1]).store(completed_steps, std::memory_order_release);
  }

 private:
  int32_t* words_;
  const std::atomic<bool>& cancelled_;
};

class Executable {
 public:
  // Copies the constants, which are those that the program was decoded with. Throws LIMIT_EXCEEDED when there is not
  // enough memory.
  Executable(Program program, std::span<const std::byte> constants, Settings settings);

  const Program& program() const { return program_; }
  // Of its arena and constants, and since its first run of its workspace. May be called while a run is going on.
  int64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

  // Runs the prologue once and the body for each step, on the calling thread. One run at a time.
  // `tensors[i]` is the first byte of binding i, long enough for `steps` steps. Stops when asked to, but only where the
  // bindings hold the result of a whole number of steps; returns that number. Allocates nothing after the first run.
  // Throws Error from a kernel; the step in progress is then incomplete.
  // `seconds` is empty, or has one element for each instruction of the prologue and then of the body, to which the time
  // spent in it is added. The time of a chain is shared by its instructions as they share the memory traffic.
  int32_t run(std::span<std::byte* const> tensors, int32_t steps, const Control& control,
              std::span<double> seconds = {});

  // How long so many steps should take, by the last run that completed any.
  std::optional<std::chrono::nanoseconds> expected_time(int32_t steps) const;

  size_t instruction_count() const { return program_.prologue.size() + program_.body.size(); }

 private:
  // What is executed as one: an instruction, or a chain of several.
  struct Task {
    std::unique_ptr<Kernel> kernel;
    size_t first;                // the number of its first instruction
    std::vector<double> shares;  // of the task's time, one for each instruction
  };

  int32_t run_steps(const Memory& memory, int32_t steps, const Control& control, std::span<double> seconds);
  void make_tasks();
  std::vector<Task> tasks_of(std::span<const Instruction> instructions, size_t first) const;
  static void run_timed(const Task& task, const Memory& memory, std::span<double> seconds);
  void bind(std::span<std::byte* const> tensors);

  struct PerStep {
    size_t buffer;
    int64_t bytes;
  };

  Program program_;
  Settings settings_;
  std::atomic<int64_t> bytes_;
  Block arena_;
  Block constants_;
  std::vector<std::byte*> addresses_;  // of every buffer, at the current step
  std::vector<PerStep> per_step_;
  std::vector<Task> prologue_, body_;
  Block workspace_{0};
  bool ready_ = false;
  // Of the last run that completed any.
  std::chrono::nanoseconds time_{0};
  int32_t steps_ = 0;
};

}  // namespace bilevel::cpu
