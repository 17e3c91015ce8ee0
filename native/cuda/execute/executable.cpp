#include "cuda/execute/executable.h"

#include <algorithm>
#include <utility>

#include "program/index_error.h"

namespace bilevel::cuda {
namespace {

std::vector<InstructionLaunches> by_instruction(std::span<const PlannedKernel> kernels,
                                                std::span<const Launch> launches) {
  std::vector<InstructionLaunches> instructions;
  for (size_t first = 0, next = 0; first < kernels.size(); first = next) {
    while (next < kernels.size() && kernels[next].instruction == kernels[first].instruction) ++next;
    instructions.push_back({kernels[first].instruction, launches.subspan(first, next - first)});
  }
  return instructions;
}

}  // namespace

Executable::Executable(std::shared_ptr<Device> device, Program program, std::span<const std::byte> constants)
    : device_(std::move(device)),
      program_(std::move(program)),
      plan_(make_plan(program_)),
      bound_(program_, plan_.records.size()),
      constants_(constants.begin(), constants.end()) {
  const auto place = [&](int64_t bytes) {
    return static_cast<DevicePointer>(std::exchange(bytes_, bytes_ + aligned(bytes)));
  };
  arena_ = place(program_.arena_bytes);
  constant_memory_ = place(program_.constant_bytes);
  scratch_ = place(plan_.scratch_bytes);
  counters_ = place(plan_.counters * static_cast<int64_t>(sizeof(uint32_t)));
  const DevicePointer bound = place(bound_.bytes());
  device_->context->require();
  const DeviceContext::Scope scope(*device_->context);
  memory_ = allocate(device_->context, bytes_);
  for (DevicePointer* part : {&arena_, &constant_memory_, &scratch_, &counters_}) *part += memory_.get();
  bound_.place(device_->context, memory_.get() + bound);
}

int32_t Executable::run(std::span<std::byte* const> tensors, int32_t steps, const Control& control,
                        std::span<double> seconds) {
  device_->context->require();
  const DeviceContext::Scope scope(*device_->context);
  if (!steps_) prepare();
  Queue& queue = device_->queue;
  int32_t completed = 0;
  try {
    bound_.send(queue, tensors, steps);
    completed = seconds.empty() ? steps_->run(queue, steps, control)
                                : run_timed(queue, prologue_instructions_, body_instructions_, steps, control, seconds);
    if (completed > 0) bound_.fetch(queue, completed);
    queue.wait();
  } catch (...) {
    queue.drain();
    throw;
  }
  if (completed == 0) return 0;
  bound_.unpack(completed);
  check_indices();
  control.publish(completed);
  return completed;
}

void Executable::prepare() {
  std::vector<const Kernel*> kernels;
  for (const auto* part : {&plan_.prologue, &plan_.body}) {
    for (const PlannedKernel& planned : *part) kernels.push_back(&planned.kernel);
  }
  const std::vector<LoadedKernel> loaded = device_->kernels.load(kernels);
  prologue_ = launches_of(plan_.prologue, std::span(loaded).first(plan_.prologue.size()));
  body_ = launches_of(plan_.body, std::span(loaded).subspan(plan_.prologue.size()));
  prologue_instructions_ = by_instruction(plan_.prologue, prologue_);
  body_instructions_ = by_instruction(plan_.body, body_);

  Queue& queue = device_->queue;
  try {
    queue.copy_to_device(constant_memory_, constants_.data(), static_cast<int64_t>(constants_.size()));
    queue.fill(counters_, 0, plan_.counters * static_cast<int64_t>(sizeof(uint32_t)));
    queue.wait();
  } catch (...) {
    queue.drain();
    throw;
  }
  steps_.emplace(queue, prologue_, body_);
  constants_ = {};
  plan_.prologue = {};
  plan_.body = {};
}

DevicePointer Executable::address(const Argument& argument, size_t record) const {
  switch (argument.kind) {
    case Argument::Kind::kScratch:
      return scratch_;
    case Argument::Kind::kCounters:
      return counters_;
    case Argument::Kind::kBinding:
      return bound_.binding(static_cast<size_t>(argument.buffer));
    case Argument::Kind::kStepTable:
      return bound_.step_table();
    case Argument::Kind::kWrongIndex:
      return bound_.record(record);
    case Argument::Kind::kBuffer:
      break;
  }
  const Buffer& buffer = program_.buffers[static_cast<size_t>(argument.buffer)];
  if (buffer.kind == BufferKind::kBinding) return bound_.binding(static_cast<size_t>(buffer.where));
  return (buffer.kind == BufferKind::kArena ? arena_ : constant_memory_) + static_cast<DevicePointer>(buffer.where);
}

Launches Executable::launches_of(std::span<const PlannedKernel> kernels, std::span<const LoadedKernel> loaded) const {
  Launches launches;
  for (size_t i = 0; i < kernels.size(); ++i) {
    const auto& [kernel, instruction] = kernels[i];
    const auto own = std::find_if(plan_.records.begin(), plan_.records.end(),
                                  [&](const Plan::Record& record) { return record.instruction == instruction; });
    std::vector<DevicePointer> arguments;
    for (const Argument& argument : kernel.arguments) {
      arguments.push_back(address(argument, static_cast<size_t>(own - plan_.records.begin())) +
                          static_cast<DevicePointer>(argument.byte_offset));
    }
    launches.push_back({loaded[i], kernel.blocks, std::move(arguments)});
  }
  return launches;
}

void Executable::check_indices() const {
  for (size_t i = 0; i < plan_.records.size(); ++i) {
    if (const auto wrong = wrong_index_of(bound_.records()[i])) {
      refuse_index(wrong->position, wrong->value, plan_.records[i].size);
    }
  }
}

}  // namespace bilevel::cuda
