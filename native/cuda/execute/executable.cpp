#include "cuda/execute/executable.h"

#include <algorithm>
#include <utility>

#include "cuda/execute/device_tensor.h"
#include "program/index_error.h"

namespace bilevel::cuda {
namespace {

// Solvers exchange tensors between two or three places.
constexpr size_t kMostPlacements = 4;

}  // namespace

Executable::Executable(std::shared_ptr<Device> device, Program program, std::span<const std::byte> constants)
    : device_(std::move(device)),
      program_(std::move(program)),
      plan_(make_plan(program_, device_->target, device_->ranks != nullptr)),
      constants_(constants.begin(), constants.end()) {
  const auto place = [&](int64_t bytes) {
    return static_cast<DevicePointer>(std::exchange(bytes_, bytes_ + aligned(bytes)));
  };
  arena_ = place(program_.arena_bytes);
  constant_memory_ = place(program_.constant_bytes);
  scratch_ = place(plan_.scratch_bytes);
  counters_ = place(plan_.counters * static_cast<int64_t>(sizeof(uint32_t)));
  device_->context->require();
  const DeviceContext::Scope scope(*device_->context);
  memory_ = allocate(device_->context, bytes_);
  for (DevicePointer* part : {&arena_, &constant_memory_, &scratch_, &counters_}) *part += memory_.get();
}

int32_t Executable::run(std::span<const Place> tensors, int32_t steps, const Control& control,
                        std::span<double> seconds) {
  device_->context->require();
  const DeviceContext::Scope scope(*device_->context);
  if (!is_prepared_) prepare();
  Placement& placement = place(tensors);
  BoundMemory& bound = placement.bound();
  Queue& queue = device_->queue;
  int32_t completed = 0;
  try {
    bound.send(queue, tensors, steps);
    completed = placement.run(queue, steps, control, seconds);
    if (completed > 0) bound.fetch(queue, completed);
    queue.wait();
  } catch (...) {
    queue.drain();
    throw;
  }
  count_bytes();
  if (completed == 0) return 0;
  bound.unpack(completed);
  check_indices(bound.records());
  control.publish(completed);
  return completed;
}

void Executable::prepare() {
  std::vector<const Kernel*> kernels;
  for (const auto* part : {&plan_.prologue, &plan_.body}) {
    for (const PlannedKernel& planned : *part) kernels.push_back(&planned.kernel);
  }
  kernels_ = device_->kernels.load(kernels);
  Queue& queue = device_->queue;
  try {
    int64_t most = 0;
    for (const auto* part : {&plan_.prologue_sums, &plan_.body_sums}) {
      for (const PlannedSum& planned : *part) most = std::max(most, planned.sum.count);
    }
    if (most > 0) sums_.emplace(device_->context, device_->ranks, most);
    queue.copy_to_device(constant_memory_, constants_.data(), static_cast<int64_t>(constants_.size()));
    queue.fill(counters_, 0, plan_.counters * static_cast<int64_t>(sizeof(uint32_t)));
    queue.wait();
  } catch (...) {
    queue.drain();
    throw;
  }
  is_prepared_ = true;
  constants_ = {};
  for (auto* part : {&plan_.prologue, &plan_.body}) {
    for (PlannedKernel& planned : *part) planned.kernel.text = {};
  }
}

Placement& Executable::place(std::span<const Place> tensors) {
  std::vector<DevicePointer> kept;
  for (const Place& tensor : tensors) kept.push_back(address_of(tensor));
  const auto found = std::find_if(placements_.begin(), placements_.end(),
                                  [&](const Placement& known) { return known.kept() == kept; });
  if (found != placements_.end()) {
    placements_.splice(placements_.begin(), placements_, found);
  } else {
    if (placements_.size() == kMostPlacements) placements_.pop_back();
    placements_.emplace_front(
        device_->context, device_->queue, program_, plan_, kernels_, std::move(kept),
        [this](const Argument& argument) { return address(argument); }, sums_ ? &*sums_ : nullptr);
  }
  return placements_.front();
}

void Executable::count_bytes() {
  int64_t bytes = 0;
  for (Placement& known : placements_) bytes += known.bound().bytes();
  bound_bytes_.store(bytes, std::memory_order_relaxed);
}

DevicePointer Executable::address(const Argument& argument) const {
  if (argument.kind == Argument::Kind::kScratch) return scratch_;
  if (argument.kind == Argument::Kind::kCounters) return counters_;
  const Buffer& buffer = program_.buffers[static_cast<size_t>(argument.buffer)];
  return (buffer.kind == BufferKind::kArena ? arena_ : constant_memory_) + static_cast<DevicePointer>(buffer.where);
}

void Executable::check_indices(const std::vector<WrongIndexRecord>& found) const {
  for (size_t i = 0; i < plan_.records.size(); ++i) {
    const auto wrong = wrong_index_of(found[i]);
    if (!wrong) continue;
    const auto& [instruction, size, entries] = plan_.records[i];
    const auto [position, value] = *wrong;
    if (position < entries) refuse_index(position, value, size);
    refuse_extent(position - entries, {static_cast<int32_t>(value), static_cast<int32_t>(value >> 32)}, entries);
  }
}

}  // namespace bilevel::cuda
