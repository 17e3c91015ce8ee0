// A program with its memory and kernels.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "cpu/kernel/block.h"
#include "cpu/kernel/kernel.h"
#include "cpu/kernel/settings.h"
#include "engine/engine.h"

namespace bilevel::cpu {

class Executable final : public bilevel::Executable {
 public:
  Executable(Program program, std::span<const std::byte> constants, Settings settings);

  const Program& program() const override { return program_; }
  // Of its arena and constants, and since its first run of its workspace.
  int64_t bytes() const override { return bytes_.load(std::memory_order_relaxed); }

  // On the calling thread and its team. Allocates nothing after the first run. The time of a chain is shared by its
  // instructions as they share the memory traffic.
  int32_t run(std::span<const Place> tensors, int32_t steps, const Control& control,
              std::span<double> seconds) override;

  // By the last run that completed any. None where a kernel forks.
  std::optional<std::chrono::nanoseconds> expected_time(int32_t steps) const override;

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
  void bind(std::span<const Place> tensors);

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
  bool forks_ = false;
  // Of the last run that completed any.
  std::chrono::nanoseconds time_{0};
  int32_t steps_ = 0;
};

}  // namespace bilevel::cpu
