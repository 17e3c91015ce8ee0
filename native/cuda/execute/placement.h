// A program with its kernels given addresses: what it binds is in certain places.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "cuda/execute/bound_memory.h"
#include "cuda/execute/launches.h"
#include "cuda/execute/plan.h"
#include "cuda/execute/profile.h"
#include "cuda/execute/steps.h"

namespace bilevel::cuda {

class Placement {
 public:
  // The address of an argument that is neither a binding's nor one of BoundMemory's.
  using AddressOf = std::function<DevicePointer(const Argument&)>;

  // `kept` as of BoundMemory; `loaded` are the kernels of the plan, of the prologue and then of the body. The calling
  // thread is in the context's scope. Throws as BoundMemory and Steps do.
  Placement(const std::shared_ptr<const DeviceContext>& context, Queue& queue, const Program& program, const Plan& plan,
            std::span<const LoadedKernel> loaded, std::vector<DevicePointer> kept, const AddressOf& address_of);
  Placement(const Placement&) = delete;
  Placement& operator=(const Placement&) = delete;

  const std::vector<DevicePointer>& kept() const { return kept_; }
  BoundMemory& bound() { return bound_; }
  // As Steps::run, or run_timed() where `seconds` is not empty.
  int32_t run(Queue& queue, int32_t steps, const Control& control, std::span<double> seconds) const;

 private:
  Launches launches_of(std::span<const PlannedKernel> kernels, std::span<const LoadedKernel> loaded,
                       const Program& program, const Plan& plan, const AddressOf& address_of) const;

  const std::vector<DevicePointer> kept_;
  BoundMemory bound_;
  const Launches prologue_, body_;
  const std::vector<InstructionLaunches> prologue_instructions_, body_instructions_;
  const Steps steps_;
};

}  // namespace bilevel::cuda
