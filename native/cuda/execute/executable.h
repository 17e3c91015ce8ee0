// A program with its memory and kernels on a device.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "cuda/execute/device.h"
#include "cuda/execute/placement.h"
#include "cuda/execute/plan.h"
#include "engine/engine.h"

namespace bilevel::cuda {

class Executable final : public bilevel::Executable {
 public:
  // Takes the memory of all but what it binds. Throws LIMIT_EXCEEDED when the device has not so much left, DEVICE_LOST.
  Executable(std::shared_ptr<Device> device, Program program, std::span<const std::byte> constants);

  const Program& program() const override { return program_; }
  int64_t bytes() const override { return bytes_ + bound_bytes_.load(std::memory_order_relaxed); }

  // The first run compiles. One whose tensors are elsewhere than those of runs before takes memory for those that do
  // not stay on the device, and captures its steps. Throws, beside what stands in engine.h, DEVICE_LOST; LIMIT_EXCEEDED
  // when the tensors find no room; and what compile() throws.
  int32_t run(std::span<const Place> tensors, int32_t steps, const Control& control,
              std::span<double> seconds) override;

  // None: a run waits for the device, and only the executor's thread may wait.
  std::optional<std::chrono::nanoseconds> expected_time(int32_t) const override { return std::nullopt; }

 private:
  void prepare();
  Placement& place(std::span<const Place> tensors);
  DevicePointer address(const Argument& argument) const;
  void count_bytes();
  void check_indices(const std::vector<WrongIndexRecord>& found) const;

  const std::shared_ptr<Device> device_;
  const Program program_;
  Plan plan_;
  std::vector<std::byte> constants_;  // until they are on the device
  int64_t bytes_ = 0;
  std::atomic<int64_t> bound_bytes_ = 0;
  OwnedMemory memory_;
  DevicePointer arena_ = 0, constant_memory_ = 0, scratch_ = 0, counters_ = 0;

  std::vector<LoadedKernel> kernels_;
  std::optional<RankSums> sums_;  // where the program has any
  bool is_prepared_ = false;
  std::list<Placement> placements_;  // the last one used first
};

}  // namespace bilevel::cuda
