// What a view touches while its instruction is carried out slice by slice along one of its axes.
#pragma once

#include <cstdint>

#include "program/program.h"

namespace bilevel::cpu {

struct SlicedView {
  const Touched* whole;
  int64_t step;  // bytes from one slice to the next
  // Slice s touches bytes start + s * step + [0, length) and those that are any number of periods away, where a period
  // is the step times the number of slices. A length of 0 says that there is no such pattern.
  int64_t start, length;
};

// Of a view over non-empty sizes, given what it touches of its buffer.
SlicedView slice_view(const Touched& whole, const View& view, std::span<const int64_t> sizes, size_t axis);

// True when different slices of the two certainly share no byte, or neither writes: then it is all the same which of
// them comes first. Both have the same number of slices.
bool are_independent(const SlicedView& a, const SlicedView& b, int64_t slices);

}  // namespace bilevel::cpu
