// How windows lie along one dimension. Sizes of a convolution or a pooling have two axes, rows and columns; what has
// one spatial dimension has one row.
#pragma once

#include "cuda/kernels/prelude.cuh"

namespace bilevel {

struct Axis {
  int64_t input, kernel, output, stride, dilation, pad_low, pad_high;

  // Of the cell that a tap of a window meets; outside the input where it meets padding.
  BILEVEL_INLINE constexpr int64_t position(int64_t window, int64_t tap) const {
    return window * stride - pad_low + tap * dilation;
  }
  BILEVEL_INLINE constexpr bool is_inside(int64_t position) const { return position >= 0 && position < input; }
  // The window of which a tap meets a cell; -1 where there is none.
  BILEVEL_INLINE constexpr int64_t window(int64_t position, int64_t tap) const {
    const int64_t start = position + pad_low - tap * dilation;
    if (start < 0 || start % stride != 0) return -1;
    return start / stride < output ? start / stride : -1;
  }
};

}  // namespace bilevel
