// The position of the first largest element; NaN is the largest.
#pragma once

#include "cuda/kernels/prelude.cuh"

namespace bilevel {

// A thread for each result. Sizes: Number, kSize, kInner, kElements.
template <typename Sizes>
BILEVEL_INLINE void arg_max(uint32_t block, const float* x, int64_t* y) {
  using Number = typename Sizes::Number;
  const Number at = thread_number<Number>(block);
  if (at >= Sizes::kElements) return;
  const Number outer = at / Number(Sizes::kInner), inner = at % Number(Sizes::kInner);
  const float* const column = x + outer * Sizes::kSize * Sizes::kInner + inner;
  int64_t best = 0;
  float largest = column[0];
  for (int64_t j = 1; j < Sizes::kSize && largest == largest; ++j) {
    const float value = column[j * Sizes::kInner];
    if (value > largest || value != value) {
      largest = value;
      best = j;
    }
  }
  y[at] = best;
}

}  // namespace bilevel
