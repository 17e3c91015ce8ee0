#include "cpu/executable.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "cpu/fused/chain.h"
#include "cpu/kernel/interrupt.h"
#include "cpu/make_kernel.h"

namespace bilevel::cpu {

Executable::Executable(Program program, std::span<const std::byte> constants, Settings settings)
    : program_(std::move(program)),
      settings_(settings),
      bytes_(program_.arena_bytes + program_.constant_bytes),
      arena_(program_.arena_bytes),
      constants_(program_.constant_bytes),
      addresses_(program_.buffers.size()) {
  std::copy(constants.begin(), constants.end(), constants_.data());
  for (size_t i = 0; i < program_.buffers.size(); ++i) {
    const Buffer& buffer = program_.buffers[i];
    if (buffer.kind != BufferKind::kBinding) {
      addresses_[i] = (buffer.kind == BufferKind::kArena ? arena_ : constants_).data() + buffer.where;
    } else if (program_.bindings[static_cast<size_t>(buffer.where)].per_step) {
      per_step_.push_back({i, buffer.element_count * kDTypeBytes[static_cast<size_t>(buffer.dtype)]});
    }
  }
}

int32_t Executable::run(std::span<const Place> tensors, int32_t steps, const Control& control,
                        std::span<double> seconds) {
  if (!ready_) make_tasks();
  bind(tensors);
  const auto start = std::chrono::steady_clock::now();
  const int32_t completed = run_steps({addresses_.data(), workspace_.data()}, steps, control, seconds);
  if (completed > 0) {
    time_ = std::chrono::steady_clock::now() - start;
    steps_ = completed;
  }
  return completed;
}

std::optional<std::chrono::nanoseconds> Executable::expected_time(int32_t steps) const {
  if (steps_ == 0 || forks_) return std::nullopt;
  return time_ * steps / steps_;
}

int32_t Executable::run_steps(const Memory& memory, int32_t steps, const Control& control, std::span<double> seconds) {
  if (control.stop_requested()) return 0;
  for (const Task& task : prologue_) {
    const InterruptScope interruptible(&control);
    run_timed(task, memory, seconds);
    if (control.stop_requested()) return 0;
  }
  const size_t body = program_.prologue.size();
  for (int32_t step = 0; step < steps; ++step) {
    if (control.stop_requested()) return step;
    // A stop is heeded up to the first instruction after which the bindings hold no whole step; from there the step is
    // finished first.
    const auto& change = step == 0 ? program_.first_binding_update : program_.first_binding_write;
    const size_t no_stop = body + change.value_or(program_.body.size());
    for (const Task& task : body_) {
      const bool can_stop = task.first + task.shares.size() <= no_stop;
      const InterruptScope interruptible(can_stop ? &control : nullptr);
      run_timed(task, memory, seconds);
      if (can_stop && control.stop_requested()) return step;
    }
    for (const auto& [buffer, bytes] : per_step_) addresses_[buffer] += bytes;
    control.publish(step + 1);
  }
  return steps;
}

void Executable::make_tasks() {
  prologue_ = tasks_of(program_.prologue, 0);
  body_ = tasks_of(program_.body, program_.prologue.size());
  int64_t workspace = 0;
  for (const auto* tasks : {&prologue_, &body_}) {
    for (const Task& task : *tasks) {
      workspace = std::max(workspace, task.kernel->workspace_bytes());
      forks_ |= task.kernel->forks();
    }
  }
  workspace_ = Block(workspace);
  bytes_.fetch_add(workspace, std::memory_order_relaxed);
  ready_ = true;
}

std::vector<Executable::Task> Executable::tasks_of(std::span<const Instruction> instructions, size_t first) const {
  std::vector<Task> tasks;
  for (size_t i = 0; i < instructions.size();) {
    const Chain chain = find_chain(instructions.subspan(i), settings_.threads);
    if (chain.links.empty()) {
      tasks.push_back({make_kernel(program_, instructions[i].operation, settings_), first + i, {1.0}});
      ++i;
      continue;
    }
    Task task{make_chain(program_, chain, settings_.threads), first + i, {}};
    for (const Chain::Link& link : chain.links) {
      task.shares.push_back(static_cast<double>(link.bytes) / static_cast<double>(chain.bytes()));
    }
    i += chain.links.size();
    tasks.push_back(std::move(task));
  }
  return tasks;
}

void Executable::run_timed(const Task& task, const Memory& memory, std::span<double> seconds) {
  if (seconds.empty()) return task.kernel->run(memory);
  const auto start = std::chrono::steady_clock::now();
  task.kernel->run(memory);
  const double elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  for (size_t i = 0; i < task.shares.size(); ++i) seconds[task.first + i] += elapsed * task.shares[i];
}

void Executable::bind(std::span<const Place> tensors) {
  for (size_t i = 0; i < addresses_.size(); ++i) {
    const Buffer& buffer = program_.buffers[i];
    if (buffer.kind == BufferKind::kBinding) addresses_[i] = tensors[static_cast<size_t>(buffer.where)].host;
  }
}

}  // namespace bilevel::cpu
