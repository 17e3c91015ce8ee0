// gather, gatherElements and setRows: elements are moved as they are.
#pragma once

#include "cuda/kernels/index.cuh"

namespace bilevel {

// A thread for each element of y. Sizes: Number, kSize, kInner, kCount, kElements.
template <typename Sizes, typename Element, typename Index>
BILEVEL_INLINE void gather(uint32_t block, const Element* x, const Index* indices, Element* y, WrongIndex* wrong) {
  using Number = typename Sizes::Number;
  const Number at = thread_number<Number>(block);
  if (at >= Sizes::kElements) return;
  const Number inner = at % Number(Sizes::kInner), row = at / Number(Sizes::kInner);
  const Number j = row % Number(Sizes::kCount), outer = row / Number(Sizes::kCount);
  const int64_t index = checked_index(indices, j, Sizes::kSize, wrong);
  if (index >= 0) y[at] = x[(outer * Sizes::kSize + index) * Sizes::kInner + inner];
}

// A thread for each element of y. Sizes: Number, kSize, kCount, kElements.
template <typename Sizes, typename Element, typename Index>
BILEVEL_INLINE void gather_elements(uint32_t block, const Element* x, const Index* indices, Element* y,
                                    WrongIndex* wrong) {
  using Number = typename Sizes::Number;
  const Number at = thread_number<Number>(block);
  if (at >= Sizes::kElements) return;
  const int64_t index = checked_index(indices, at, Sizes::kSize, wrong);
  if (index >= 0) y[at] = x[at / Number(Sizes::kCount) * Sizes::kSize + index];
}

// A thread for each element. Sizes: Number, kElements.
template <typename Sizes, typename Element>
BILEVEL_INLINE void copy(uint32_t block, const Element* x, Element* y) {
  using Number = typename Sizes::Number;
  const Number at = thread_number<Number>(block);
  if (at < Sizes::kElements) y[at] = x[at];
}

// A thread for each element of rows; the last of the rows with one index is written. Sizes: Number, kSize, kInner,
// kCount, kElements.
template <typename Sizes, typename Element, typename Index>
BILEVEL_INLINE void set_rows(uint32_t block, const Index* indices, const Element* rows, Element* y, WrongIndex* wrong) {
  using Number = typename Sizes::Number;
  const Number at = thread_number<Number>(block);
  if (at >= Sizes::kElements) return;
  const Number inner = at % Number(Sizes::kInner), j = at / Number(Sizes::kInner);
  const int64_t index = checked_index(indices, j, Sizes::kSize, wrong);
  if (index < 0) return;
  for (Number later = j + 1; later < Sizes::kCount; ++later) {
    if (indices[later] == index) return;
  }
  y[index * Sizes::kInner + inner] = rows[at];
}

}  // namespace bilevel
