// Products of matrices by tiles of 32 x 32 in shared memory. A total is a chain of fused multiply-adds along k.
#pragma once

#include "cuda/kernels/prelude.cuh"

namespace bilevel {

// A block for each tile of each product. Sizes: kRows, kColumns, kDepth; kRowTiles, kColumnTiles; the strides of a
// (kRowOfA, kStepOfA) along a row of c and along k, and those of b (kColumnOfB, kStepOfB).
template <typename Sizes>
BILEVEL_INLINE void matmul(uint32_t block, const float* a, const float* b, float* c) {
  constexpr uint32_t kTile = 32, kSteps = 16, kRowsOfThreads = kThreads / kTile, kEach = kTile / kRowsOfThreads;
  // One column more than needed: neighbours in a column lie in different banks.
  using Left = float[kTile][kSteps + 1];
  using Right = float[kSteps][kTile + 1];
  BILEVEL_SHARED(Left, left);
  BILEVEL_SHARED(Right, right);
  const uint32_t column_tile = block % uint32_t(Sizes::kColumnTiles), rest = block / uint32_t(Sizes::kColumnTiles);
  const int64_t row0 = static_cast<int64_t>(rest % uint32_t(Sizes::kRowTiles)) * kTile;
  const int64_t column0 = static_cast<int64_t>(column_tile) * kTile, product = rest / uint32_t(Sizes::kRowTiles);
  a += product * (Sizes::kRows * Sizes::kDepth);
  b += product * (Sizes::kDepth * Sizes::kColumns);
  c += product * (Sizes::kRows * Sizes::kColumns);
  const uint32_t x = threadIdx.x % kTile, y = threadIdx.x / kTile;
  float totals[kEach] = {};
  for (int64_t k0 = 0; k0 < Sizes::kDepth; k0 += kSteps) {
    for (uint32_t at = threadIdx.x; at < kTile * kSteps; at += kThreads) {
      const uint32_t i = at / kSteps, k = at % kSteps;
      const bool inside = row0 + i < Sizes::kRows && k0 + k < Sizes::kDepth;
      left[i][k] = inside ? a[(row0 + i) * Sizes::kRowOfA + (k0 + k) * Sizes::kStepOfA] : 0.0f;
    }
    for (uint32_t at = threadIdx.x; at < kTile * kSteps; at += kThreads) {
      const uint32_t k = at / kTile, j = at % kTile;
      const bool inside = column0 + j < Sizes::kColumns && k0 + k < Sizes::kDepth;
      right[k][j] = inside ? b[(k0 + k) * Sizes::kStepOfB + (column0 + j) * Sizes::kColumnOfB] : 0.0f;
    }
    __syncthreads();
    const int64_t steps = Sizes::kDepth - k0 < kSteps ? Sizes::kDepth - k0 : kSteps;
    for (uint32_t k = 0; k < steps; ++k) {
      for (uint32_t i = 0; i < kEach; ++i) {
        totals[i] = __fmaf_rn(left[y + i * kRowsOfThreads][k], right[k][x], totals[i]);
      }
    }
    __syncthreads();
  }
  for (uint32_t i = 0; i < kEach; ++i) {
    const int64_t row = row0 + y + i * kRowsOfThreads, column = column0 + x;
    if (row < Sizes::kRows && column < Sizes::kColumns) c[row * Sizes::kColumns + column] = totals[i];
  }
}

}  // namespace bilevel
