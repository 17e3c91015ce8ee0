// Totals of many threads. Everything is joined in an order that only the shape of the work decides, so that every run
// gives the same bits.
#pragma once

#include "cuda/kernels/prelude.cuh"
#include "cuda/kernels/tape.cuh"

namespace bilevel {

// In doubles: a sum of any length is as exact as its rounding to float.
struct Sum {
  typedef double Total;
  static BILEVEL_INLINE Total start() { return 0.0; }
  static BILEVEL_INLINE Total join(Total a, Total b) { return a + b; }
};

// NaN once it has met one.
struct Max {
  typedef float Total;
  static BILEVEL_INLINE Total start() { return -__builtin_inff(); }
  static BILEVEL_INLINE Total join(Total a, Total b) { return maximum_f(a, b); }
};

// Of a warp; every lane gets it.
template <typename Reduction>
BILEVEL_INLINE typename Reduction::Total join_warp(typename Reduction::Total total) {
  for (uint32_t lanes = kLanes / 2; lanes > 0; lanes /= 2) {
    total = Reduction::join(total, __shfl_xor_sync(0xffffffffu, total, lanes));
  }
  return total;
}

// Of a block; thread 0 gets it.
template <typename Reduction>
BILEVEL_INLINE typename Reduction::Total join_block(typename Reduction::Total total) {
  using Totals = typename Reduction::Total[kThreads / kLanes];
  BILEVEL_SHARED(Totals, warps);
  total = join_warp<Reduction>(total);
  if (threadIdx.x % kLanes == 0) warps[threadIdx.x / kLanes] = total;
  __syncthreads();
  if (threadIdx.x == 0) {
    for (uint32_t warp = 1; warp < kThreads / kLanes; ++warp) total = Reduction::join(total, warps[warp]);
  }
  __syncthreads();
  return total;
}

// Of a column of a block seen as rows of 32 threads; those of row 0 get it.
template <typename Reduction>
BILEVEL_INLINE typename Reduction::Total join_columns(typename Reduction::Total total) {
  using Totals = typename Reduction::Total[kThreads];
  BILEVEL_SHARED(Totals, all);
  all[threadIdx.x] = total;
  __syncthreads();
  if (threadIdx.x < kLanes) {
    for (uint32_t at = threadIdx.x + kLanes; at < kThreads; at += kLanes) total = Reduction::join(total, all[at]);
  }
  __syncthreads();
  return total;
}

// Whether this is the last of `count` blocks to come here with this counter; all threads of the block ask. The last one
// sees what thread 0 of every other block wrote before. Leaves the counter at 0 for the next run.
BILEVEL_INLINE bool is_last_block(uint32_t* counter, uint32_t count) {
  BILEVEL_SHARED(bool, last);
  if (threadIdx.x == 0) {
    __threadfence();
    last = atomicAdd(counter, 1u) == count - 1;
    if (last) *counter = 0;
    __threadfence();
  }
  __syncthreads();
  const bool result = last;
  __syncthreads();
  return result;
}

}  // namespace bilevel
