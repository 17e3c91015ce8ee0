#include "cpu/executable.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace bilevel::cpu {
namespace {

// Runs a kernel and adds the time to its element of `seconds`, if there is one.
void run_timed(Kernel& kernel, const Memory& memory, std::span<double> seconds, size_t index) {
  if (seconds.empty()) return kernel.run(memory);
  const auto start = std::chrono::steady_clock::now();
  kernel.run(memory);
  seconds[index] += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

Executable::Executable(Program program, Settings settings)
    : program_(std::move(program)),
      settings_(settings),
      bytes_(program_.arena_bytes + static_cast<int64_t>(program_.constants.size())),
      arena_(program_.arena_bytes),
      constants_(static_cast<int64_t>(program_.constants.size())),
      addresses_(program_.buffers.size()) {
  std::copy(program_.constants.begin(), program_.constants.end(), constants_.data());
  std::exchange(program_.constants, {});
  for (size_t i = 0; i < program_.buffers.size(); ++i) {
    const Buffer& buffer = program_.buffers[i];
    if (buffer.kind != BufferKind::kBinding) {
      addresses_[i] = (buffer.kind == BufferKind::kArena ? arena_ : constants_).data() + buffer.where;
    } else if (program_.bindings[static_cast<size_t>(buffer.where)].per_step) {
      per_step_.push_back({i, buffer.element_count * kDTypeBytes[static_cast<size_t>(buffer.dtype)]});
    }
  }
}

int32_t Executable::run(std::span<std::byte* const> tensors, int32_t steps, const Control& control,
                        std::span<double> seconds) {
  if (!ready_) make_kernels();
  bind(tensors);
  const Memory memory{addresses_.data(), workspace_.data()};
  for (size_t i = 0; i < prologue_.size(); ++i) {
    if (control.stop_requested()) return 0;
    run_timed(*prologue_[i], memory, seconds, i);
  }
  // A stop is heeded up to the first instruction that writes a binding; from there the step is finished first.
  const size_t last_stop = program_.first_binding_write.value_or(body_.size());
  for (int32_t step = 0; step < steps; ++step) {
    if (control.stop_requested()) return step;
    for (size_t i = 0; i < body_.size(); ++i) {
      if (i > 0 && i <= last_stop && control.stop_requested()) return step;
      run_timed(*body_[i], memory, seconds, prologue_.size() + i);
    }
    for (const auto& [buffer, bytes] : per_step_) addresses_[buffer] += bytes;
    control.publish(step + 1);
  }
  return steps;
}

void Executable::make_kernels() {
  int64_t workspace = 0;
  const auto make = [&](const std::vector<Instruction>& instructions, std::vector<std::unique_ptr<Kernel>>& kernels) {
    kernels.clear();
    kernels.reserve(instructions.size());
    for (const Instruction& instruction : instructions) {
      kernels.push_back(make_kernel(program_, instruction, settings_));
      workspace = std::max(workspace, kernels.back()->workspace_bytes());
    }
  };
  make(program_.prologue, prologue_);
  make(program_.body, body_);
  workspace_ = Arena(workspace);
  ready_ = true;
}

void Executable::bind(std::span<std::byte* const> tensors) {
  for (size_t i = 0; i < addresses_.size(); ++i) {
    const Buffer& buffer = program_.buffers[i];
    if (buffer.kind == BufferKind::kBinding) addresses_[i] = tensors[static_cast<size_t>(buffer.where)];
  }
}

}  // namespace bilevel::cpu
