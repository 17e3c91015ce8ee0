// Processes that compute together: each runs the same programs on its part of the data, and they meet in sums.
#pragma once

#include <cstdint>

#include "engine/engine.h"

namespace bilevel {

class Ranks {
 public:
  virtual ~Ranks() = default;

  // y becomes the sum of the ranks' x, added in the order of the ranks: the same bits on all of them. All must call it
  // alike. Gives up, with any y, when `control`, unless it is null, is asked to stop, after which they have lost each
  // other. Throws RANKS_LOST when others do not come, or this has been so before.
  virtual void all_reduce(const float* x, float* y, int64_t count, const Control* control) const = 0;
};

}  // namespace bilevel
