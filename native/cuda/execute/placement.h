// A program with its kernels given addresses: what it binds is in certain places.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <variant>
#include <vector>

#include "cuda/execute/bound_memory.h"
#include "cuda/execute/launches.h"
#include "cuda/execute/plan.h"
#include "cuda/execute/profile.h"
#include "cuda/execute/steps.h"
#include "cuda/execute/summed_steps.h"

namespace bilevel::cuda {

class Placement {
 public:
  // The address of an argument that is neither a binding's nor one of BoundMemory's.
  using AddressOf = std::function<DevicePointer(const Argument&)>;

  // `kept` as of BoundMemory; `loaded` are the kernels of the plan, of the prologue and then of the body. The calling
  // thread is in the context's scope. Throws as BoundMemory and Steps do.
  // `sums` makes those over the ranks, and is null where the plan has none.
  Placement(const std::shared_ptr<const DeviceContext>& context, Queue& queue, const Program& program, const Plan& plan,
            std::span<const LoadedKernel> loaded, std::vector<DevicePointer> kept, const AddressOf& address_of,
            const RankSums* sums);
  Placement(const Placement&) = delete;
  Placement& operator=(const Placement&) = delete;

  const std::vector<DevicePointer>& kept() const { return kept_; }
  BoundMemory& bound() { return bound_; }
  // As Steps::run or SummedSteps::run, or run_timed() where `seconds` is not empty.
  int32_t run(Queue& queue, int32_t steps, const Control& control, std::span<double> seconds) const;

 private:
  DevicePointer buffer_address(const Program& program, int32_t buffer, const AddressOf& address_of) const;
  std::vector<RankSum> sums_of(std::span<const PlannedSum> planned, const Program& program,
                               const AddressOf& address_of) const;
  Launches launches_of(std::span<const PlannedKernel> kernels, std::span<const LoadedKernel> loaded,
                       const Program& program, const Plan& plan, const AddressOf& address_of) const;

  const std::vector<DevicePointer> kept_;
  BoundMemory bound_;
  const Launches prologue_, body_;
  const RankSums* const sums_;
  const std::vector<RankSum> prologue_sums_, body_sums_;
  const std::vector<InstructionLaunches> prologue_instructions_, body_instructions_;
  const std::variant<Steps, SummedSteps> steps_;
};

}  // namespace bilevel::cuda
