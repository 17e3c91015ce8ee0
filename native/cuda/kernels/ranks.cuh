// Sums over processes that compute together.
#pragma once

#include "cuda/kernels/prelude.cuh"

namespace bilevel {

// A process with this device computes alone: the sum of its one term. A thread for each of kCount elements. Sizes:
// Number, kCount.
template <typename Sizes>
BILEVEL_INLINE void all_reduce(uint32_t block, const float* x, float* y) {
  const auto at = thread_number<typename Sizes::Number>(block);
  if (at < Sizes::kCount) y[at] = x[at];
}

}  // namespace bilevel
