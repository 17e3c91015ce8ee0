// How windows, or the taps of a kernel, lie along the dimensions of a pooling or a convolution.
#pragma once

#include <algorithm>
#include <cstdint>

#include "cpu/kernel/parallel.h"
#include "program/program.h"

namespace bilevel::cpu {

struct Axis {
  int64_t input = 1, kernel = 1, output = 1, stride = 1, dilation = 1, pad_low = 0, pad_high = 0;

  int64_t position(int64_t window, int64_t tap) const { return window * stride - pad_low + tap * dilation; }
  // The windows whose given tap lies in the input.
  Range windows(int64_t tap) const {
    const int64_t before = pad_low - tap * dilation;  // cells of padding at and before window 0
    const int64_t begin = before > 0 ? (before + stride - 1) / stride : 0;
    const int64_t end = input + before > 0 ? (input + before - 1) / stride + 1 : 0;
    return {std::min(begin, output), std::clamp(end, std::min(begin, output), output)};
  }
  // The taps of a window that lie in the input.
  Range taps(int64_t window) const {
    const int64_t start = position(window, 0);
    const int64_t begin = start < 0 ? (-start + dilation - 1) / dilation : 0;
    const int64_t end = start < input ? (input - start - 1) / dilation + 1 : 0;
    return {begin, std::min(end, kernel)};
  }
  // The first cell of a window that lies in the input.
  int64_t first(int64_t window) const { return position(window, taps(window).begin); }
  // How many cells of a window the average divides by.
  int64_t cells(int64_t window, bool include_pad) const {
    if (include_pad) return std::min(kernel, input + pad_high - position(window, 0));
    const Range inside = taps(window);
    return inside.end - inside.begin;
  }
};

// What has one spatial dimension has one row.
struct Axes {
  Axis rows, columns;

  // Of a Pool or a Conv.
  template <typename Windowed>
  explicit Axes(const Windowed& of) {
    const auto axis = [&](size_t d) {
      return Axis{of.input[d], of.kernel[d], of.output[d], of.stride[d], of.dilation[d], of.pad_low[d], of.pad_high[d]};
    };
    if (of.spatial_rank == 2) rows = axis(0);
    columns = axis(of.spatial_rank == 2 ? 1 : 0);
  }

  int64_t taps() const { return rows.kernel * columns.kernel; }
  int64_t input_plane() const { return rows.input * columns.input; }
  int64_t output_plane() const { return rows.output * columns.output; }
};

}  // namespace bilevel::cpu
