// scatterAdd and scatterAddElements: repeated indices are added in their order, as on the CPU.
#pragma once

#include "cuda/kernels/index.cuh"

namespace bilevel {

// A thread for each element. Sizes: Number, kElements.
template <typename Sizes>
BILEVEL_INLINE void zeros(uint32_t block, float* y) {
  using Number = typename Sizes::Number;
  const Number at = thread_number<Number>(block);
  if (at < Sizes::kElements) y[at] = 0.0f;
}

// Over zeros. A thread for each element of x: the first one of an index adds all of them. Sizes: Number, kSize, kInner,
// kCount, kElements.
template <typename Sizes, typename Index>
BILEVEL_INLINE void scatter_add(uint32_t block, const float* x, const Index* indices, float* y, WrongIndex* wrong) {
  using Number = typename Sizes::Number;
  const Number at = thread_number<Number>(block);
  if (at >= Sizes::kElements) return;
  const Number inner = at % Number(Sizes::kInner), row = at / Number(Sizes::kInner);
  const Number j = row % Number(Sizes::kCount), outer = row / Number(Sizes::kCount);
  const int64_t index = checked_index(indices, j, Sizes::kSize, wrong);
  if (index < 0) return;
  for (Number earlier = 0; earlier < j; ++earlier) {
    if (indices[earlier] == index) return;
  }
  const float* const column = x + static_cast<int64_t>(outer) * Sizes::kCount * Sizes::kInner + inner;
  float total = 0.0f;
  for (Number other = j; other < Sizes::kCount; ++other) {
    if (indices[other] == index) total += column[other * Sizes::kInner];
  }
  y[(outer * Sizes::kSize + index) * Sizes::kInner + inner] = total;
}

// Over zeros. A warp for each row takes 32 elements at a time: the lanes of one index add up in their order, and the
// first of them writes. Sizes: Number, kSize, kCount, kRows.
template <typename Sizes, typename Index>
BILEVEL_INLINE void scatter_add_elements(uint32_t block, const float* x, const Index* indices, float* y,
                                         WrongIndex* wrong) {
  const uint32_t lane = threadIdx.x % kLanes;
  const int64_t row = static_cast<int64_t>(block) * (kThreads / kLanes) + threadIdx.x / kLanes;
  if (row >= Sizes::kRows) return;
  float* const to = y + row * Sizes::kSize;
  for (int64_t first = 0; first < Sizes::kCount; first += kLanes) {
    const bool inside = first + lane < Sizes::kCount;
    const int64_t at = row * Sizes::kCount + first + lane;
    const int64_t index = inside ? checked_index(indices, at, Sizes::kSize, wrong) : -1;
    const float mine = index >= 0 ? x[at] : 0.0f;
    const uint32_t same = __match_any_sync(0xffffffffu, static_cast<unsigned long long>(index));
    const bool writes = index >= 0 && (same & ((1u << lane) - 1)) == 0;
    float total = writes ? to[index] : 0.0f;
    // All lanes go through as many rounds as the largest set has members.
    for (uint32_t left = same; __ballot_sync(0xffffffffu, left != 0) != 0; left &= left - 1) {
      const int from = left != 0 ? __ffs(static_cast<int>(left)) - 1 : static_cast<int>(lane);
      const float other = __shfl_sync(0xffffffffu, mine, from);
      if (left != 0) total += other;
    }
    if (writes) to[index] = total;
    __syncwarp(0xffffffffu);
  }
}

}  // namespace bilevel
