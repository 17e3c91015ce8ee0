// Rows of bindings that have one for each step: instructions find and leave that of the step under way at a fixed
// place.
#pragma once

#include "cuda/kernels/prelude.cuh"

namespace bilevel {

// What a run and its kernels know of each other: which step begins, which one is under way, and then the address of the
// first row of every such binding. Each kernel reads one of the first two and sets the other, so that no thread of it
// can see what another one sets.
typedef unsigned long long StepTable;
constexpr uint32_t kBeginning = 0, kUnderWay = 1, kFirstRows = 2;

// The first kernel of a step.
BILEVEL_INLINE uint64_t begin_step(StepTable* table) {
  const uint64_t step = table[kBeginning];
  if (blockIdx.x == 0 && threadIdx.x == 0) table[kUnderWay] = step;
  return step;
}

// The last kernel of a step.
BILEVEL_INLINE uint64_t end_step(StepTable* table) {
  const uint64_t step = table[kUnderWay];
  if (blockIdx.x == 0 && threadIdx.x == 0) table[kBeginning] = step + 1;
  return step;
}

template <typename Element>
BILEVEL_INLINE Element* row_of(const StepTable* table, uint32_t number, uint64_t step, int64_t count) {
  return reinterpret_cast<Element*>(table[kFirstRows + number]) + step * count;
}

// By `blocks` blocks, of which this is one.
template <typename Element>
BILEVEL_INLINE void copy_row(uint32_t block, uint32_t blocks, const Element* from, Element* to, int64_t count) {
  for (int64_t at = thread_number<int64_t>(block); at < count; at += static_cast<int64_t>(blocks) * kThreads) {
    to[at] = from[at];
  }
}

}  // namespace bilevel
