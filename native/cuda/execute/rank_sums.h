// Sums over the processes that compute together, by way of the host's memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "cuda/context/memory.h"
#include "cuda/context/queue.h"
#include "engine/ranks.h"

namespace bilevel::cuda {

// One between two launches of a step.
struct RankSum {
  size_t launch;       // before which it is made
  size_t instruction;  // as in PlannedKernel
  bool in_first,
      in_others;  // whether it may be given up in the first step, and in a later one: nothing bound has changed
  DevicePointer x, y;
  int64_t count;
};

class RankSums {
 public:
  // Takes memory for sums of up to `most` elements. Throws as allocate_pinned() does.
  RankSums(const std::shared_ptr<const DeviceContext>& context, std::shared_ptr<const Ranks> ranks, int64_t most);

  // Waits for what was queued before, and for the other ranks; what is queued afterwards finds the sum. Throws
  // RANKS_LOST, and as Queue's functions do. Gives up as Ranks::all_reduce does.
  void make(Queue& queue, const RankSum& sum, const Control* control) const;

 private:
  const std::shared_ptr<const Ranks> ranks_;
  const OwnedPinnedMemory memory_;
  float* const own_;
  float* const all_;
};

}  // namespace bilevel::cuda
