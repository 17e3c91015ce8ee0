// The values of index tensors are data: each is checked where it is used.
#pragma once

#include "cuda/kernels/prelude.cuh"

namespace bilevel {

// The first index out of range that an instruction has met: three words, each of the position and a third of the value,
// so that the smallest ones belong together in whatever order they come. All ones while there is none.
typedef unsigned long long WrongIndex;
constexpr uint32_t kThird = 22;

BILEVEL_INLINE void report_wrong_index(WrongIndex* wrong, int64_t position, int64_t value) {
  const WrongIndex mask = (WrongIndex(1) << kThird) - 1;
  for (uint32_t third = 0; third < 3; ++third) {
    const WrongIndex bits = static_cast<WrongIndex>(value) >> (third * kThird) & mask;
    atomicMin(wrong + third, static_cast<WrongIndex>(position) << kThird | bits);
  }
}

// The index at a position, or -1, which is reported.
template <typename Index>
BILEVEL_INLINE int64_t checked_index(const Index* indices, int64_t position, int64_t size, WrongIndex* wrong) {
  const int64_t index = indices[position];
  if (index >= 0 && index < size) return index;
  report_wrong_index(wrong, position, index);
  return -1;
}

}  // namespace bilevel
