// A run that is measured instruction by instruction.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cuda/execute/launches.h"
#include "cuda/execute/rank_sums.h"
#include "engine/engine.h"

namespace bilevel::cuda {

// The launches of an instruction, or the sum that it is.
struct InstructionLaunches {
  size_t instruction;  // as in PlannedKernel
  std::span<const Launch> launches;
  const RankSum* sum = nullptr;
};

// `sums` makes those that there are. As Steps::run, step by step and without graphs; adds the time of each instruction
// to its element of `seconds`.
int32_t run_timed(Queue& queue, std::span<const InstructionLaunches> prologue,
                  std::span<const InstructionLaunches> body, const RankSums* sums, int32_t steps,
                  const Control& control, std::span<double> seconds);

}  // namespace bilevel::cuda
