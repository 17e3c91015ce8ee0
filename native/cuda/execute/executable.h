// A program with its memory and kernels on a device.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "cuda/execute/bound_memory.h"
#include "cuda/execute/device.h"
#include "cuda/execute/launches.h"
#include "cuda/execute/plan.h"
#include "cuda/execute/profile.h"
#include "cuda/execute/steps.h"
#include "engine/engine.h"

namespace bilevel::cuda {

class Executable final : public bilevel::Executable {
 public:
  // Takes the memory. Throws LIMIT_EXCEEDED when the device has not so much left, DEVICE_LOST.
  Executable(std::shared_ptr<Device> device, Program program, std::span<const std::byte> constants);

  const Program& program() const override { return program_; }
  int64_t bytes() const override { return bytes_ + bound_.further_bytes(); }

  // The first run compiles. Throws, beside what stands in engine.h, DEVICE_LOST; LIMIT_EXCEEDED when the rows of
  // per-step bindings find no room; and what compile() throws.
  int32_t run(std::span<std::byte* const> tensors, int32_t steps, const Control& control,
              std::span<double> seconds) override;

  // None: a run waits for the device, and only the executor's thread may wait.
  std::optional<std::chrono::nanoseconds> expected_time(int32_t) const override { return std::nullopt; }

 private:
  void prepare();
  DevicePointer address(const Argument& argument, size_t record) const;
  Launches launches_of(std::span<const PlannedKernel> kernels, std::span<const LoadedKernel> loaded) const;
  void check_indices() const;

  const std::shared_ptr<Device> device_;
  const Program program_;
  Plan plan_;
  BoundMemory bound_;
  std::vector<std::byte> constants_;  // until they are on the device
  int64_t bytes_ = 0;
  OwnedMemory memory_;
  DevicePointer arena_ = 0, constant_memory_ = 0, scratch_ = 0, counters_ = 0;

  Launches prologue_, body_;
  std::vector<InstructionLaunches> prologue_instructions_, body_instructions_;
  std::optional<Steps> steps_;  // none before the first run
};

}  // namespace bilevel::cuda
