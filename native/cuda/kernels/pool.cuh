// Pooling. x is [planes, input] and y is [planes, output]. Sizes: Number, kElements, and functions rows() and columns()
// with the axes.
#pragma once

#include "cuda/kernels/windows.cuh"

namespace bilevel {

// A thread for each window: the first largest cell, where NaN is the largest. `scale` is that of the window's plane.
template <typename Sizes>
BILEVEL_INLINE void largest_of_window(int64_t at, const float* x, float scale, int32_t* indices, float* y) {
  constexpr Axis rows = Sizes::rows(), columns = Sizes::columns();
  const int64_t window_column = at % columns.output, window_row = at / columns.output % rows.output;
  x += at / columns.output / rows.output * rows.input * columns.input;
  int64_t best = -1;
  float largest = 0.0f;
  for (int64_t tap_row = 0; tap_row < rows.kernel; ++tap_row) {
    const int64_t row = rows.position(window_row, tap_row);
    if (!rows.is_inside(row)) continue;
    for (int64_t tap_column = 0; tap_column < columns.kernel; ++tap_column) {
      const int64_t column = columns.position(window_column, tap_column);
      if (!columns.is_inside(column)) continue;
      const int64_t cell = row * columns.input + column;
      const float value = x[cell] * scale;
      if (best < 0 || (largest == largest && (value > largest || value != value))) {
        largest = value;
        best = cell;
      }
    }
  }
  indices[at] = static_cast<int32_t>(best);
  y[at] = x[best];
}

template <typename Sizes>
BILEVEL_INLINE void max_pool(uint32_t block, const float* x, int32_t* indices, float* y) {
  const int64_t at = thread_number<typename Sizes::Number>(block);
  if (at < Sizes::kElements) largest_of_window<Sizes>(at, x, 1.0f, indices, y);
}

template <typename Sizes>
BILEVEL_INLINE void scaled_max_pool(uint32_t block, const float* x, const float* scale, int32_t* indices, float* y) {
  const int64_t at = thread_number<typename Sizes::Number>(block);
  if (at >= Sizes::kElements) return;
  largest_of_window<Sizes>(at, x, scale[at / (Sizes::rows().output * Sizes::columns().output)], indices, y);
}

// What the average of a window is divided by: its cells within the input, and those of the padding where they count.
BILEVEL_INLINE constexpr float cells_of(const Axis& axis, int64_t window, bool count_include_pad) {
  const int64_t begin = axis.position(window, 0), end = begin + axis.kernel;
  if (count_include_pad) {
    const int64_t bound = axis.input + axis.pad_high;
    return static_cast<float>((end < bound ? end : bound) - begin);
  }
  return static_cast<float>((end < axis.input ? end : axis.input) - (begin > 0 ? begin : 0));
}

template <typename Sizes>
BILEVEL_INLINE float cells_of_window(int64_t row, int64_t column) {
  return cells_of(Sizes::rows(), row, Sizes::kCountIncludePad) *
         cells_of(Sizes::columns(), column, Sizes::kCountIncludePad);
}

// A thread for each window. Sizes has kCountIncludePad too.
template <typename Sizes>
BILEVEL_INLINE void average_pool(uint32_t block, const float* x, float* y) {
  constexpr Axis rows = Sizes::rows(), columns = Sizes::columns();
  const int64_t at = thread_number<typename Sizes::Number>(block);
  if (at >= Sizes::kElements) return;
  const int64_t window_column = at % columns.output, window_row = at / columns.output % rows.output;
  x += at / columns.output / rows.output * rows.input * columns.input;
  float total = 0.0f;
  for (int64_t tap_row = 0; tap_row < rows.kernel; ++tap_row) {
    const int64_t row = rows.position(window_row, tap_row);
    if (!rows.is_inside(row)) continue;
    for (int64_t tap_column = 0; tap_column < columns.kernel; ++tap_column) {
      const int64_t column = columns.position(window_column, tap_column);
      if (columns.is_inside(column)) total += x[row * columns.input + column];
    }
  }
  y[at] = total / cells_of_window<Sizes>(window_row, window_column);
}

// A thread for each cell of x adds its shares of windows, upper rows of windows and earlier taps first: the CPU's
// order.
template <typename Sizes>
BILEVEL_INLINE void average_pool_gradient(uint32_t block, float* x, const float* y) {
  constexpr Axis rows = Sizes::rows(), columns = Sizes::columns();
  const int64_t at = thread_number<typename Sizes::Number>(block);
  if (at >= Sizes::kElements) return;
  const int64_t column = at % columns.input, row = at / columns.input % rows.input;
  y += at / columns.input / rows.input * rows.output * columns.output;
  float total = 0.0f;
  for (int64_t tap_row = rows.kernel; tap_row-- > 0;) {
    const int64_t window_row = rows.window(row, tap_row);
    if (window_row < 0) continue;
    for (int64_t tap_column = 0; tap_column < columns.kernel; ++tap_column) {
      const int64_t window_column = columns.window(column, tap_column);
      if (window_column < 0) continue;
      total += y[window_row * columns.output + window_column] / cells_of_window<Sizes>(window_row, window_column);
    }
  }
  x[at] = total;
}

}  // namespace bilevel
