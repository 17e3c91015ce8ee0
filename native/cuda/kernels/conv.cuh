// Convolutions and their gradients by their definitions. x is [batch, channels, input], w is [outputs, channels /
// groups, kernel] and y is [batch, outputs, output]. Sizes: Number, kElements, kGroupInputs, kGroupOutputs, kGroups,
// kBatch, and functions rows() and columns() with the axes.
#pragma once

#include "cuda/kernels/reduce.cuh"
#include "cuda/kernels/windows.cuh"

namespace bilevel {

// A thread for each element of y: channel by channel, row by row of the kernel.
template <typename Sizes>
BILEVEL_INLINE void conv(uint32_t block, const float* x, const float* w, float* y) {
  constexpr Axis rows = Sizes::rows(), columns = Sizes::columns();
  constexpr int64_t kOutputs = Sizes::kGroups * Sizes::kGroupOutputs;
  const int64_t at = thread_number<typename Sizes::Number>(block);
  if (at >= Sizes::kElements) return;
  const int64_t window_column = at % columns.output, window_row = at / columns.output % rows.output;
  const int64_t image_output = at / columns.output / rows.output, output = image_output % kOutputs;
  const int64_t group = output / Sizes::kGroupOutputs, image_group = image_output / kOutputs * Sizes::kGroups + group;
  x += image_group * Sizes::kGroupInputs * rows.input * columns.input;
  w += output * Sizes::kGroupInputs * rows.kernel * columns.kernel;
  float total = 0.0f;
  for (int64_t channel = 0; channel < Sizes::kGroupInputs; ++channel) {
    for (int64_t tap_row = 0; tap_row < rows.kernel; ++tap_row) {
      const int64_t row = rows.position(window_row, tap_row);
      if (!rows.is_inside(row)) continue;
      for (int64_t tap_column = 0; tap_column < columns.kernel; ++tap_column) {
        const int64_t column = columns.position(window_column, tap_column);
        if (!columns.is_inside(column)) continue;
        total = __fmaf_rn(x[(channel * rows.input + row) * columns.input + column],
                          w[(channel * rows.kernel + tap_row) * columns.kernel + tap_column], total);
      }
    }
  }
  y[at] = total;
}

// A thread for each element of x.
template <typename Sizes>
BILEVEL_INLINE void conv_input_gradient(uint32_t block, float* x, const float* w, const float* y) {
  constexpr Axis rows = Sizes::rows(), columns = Sizes::columns();
  constexpr int64_t kChannels = Sizes::kGroups * Sizes::kGroupInputs;
  const int64_t at = thread_number<typename Sizes::Number>(block);
  if (at >= Sizes::kElements) return;
  const int64_t column = at % columns.input, row = at / columns.input % rows.input;
  const int64_t image_channel = at / columns.input / rows.input, channel = image_channel % kChannels;
  const int64_t group = channel / Sizes::kGroupInputs, image_group = image_channel / kChannels * Sizes::kGroups + group;
  y += image_group * Sizes::kGroupOutputs * rows.output * columns.output;
  w += (group * Sizes::kGroupOutputs * Sizes::kGroupInputs + channel % Sizes::kGroupInputs) * rows.kernel *
       columns.kernel;
  float total = 0.0f;
  for (int64_t output = 0; output < Sizes::kGroupOutputs; ++output) {
    for (int64_t tap_row = 0; tap_row < rows.kernel; ++tap_row) {
      const int64_t window_row = rows.window(row, tap_row);
      if (window_row < 0) continue;
      for (int64_t tap_column = 0; tap_column < columns.kernel; ++tap_column) {
        const int64_t window_column = columns.window(column, tap_column);
        if (window_column < 0) continue;
        total =
            __fmaf_rn(y[(output * rows.output + window_row) * columns.output + window_column],
                      w[(output * Sizes::kGroupInputs * rows.kernel + tap_row) * columns.kernel + tap_column], total);
      }
    }
  }
  x[at] = total;
}

// A block for each element of w: its threads share the windows of all images.
template <typename Sizes>
BILEVEL_INLINE void conv_filter_gradient(uint32_t block, const float* x, float* w, const float* y) {
  constexpr Axis rows = Sizes::rows(), columns = Sizes::columns();
  constexpr int64_t kOutputs = Sizes::kGroups * Sizes::kGroupOutputs;
  const int64_t tap_column = block % columns.kernel, tap_row = block / columns.kernel % rows.kernel;
  const int64_t weight = block / columns.kernel / rows.kernel;
  const int64_t channel = weight % Sizes::kGroupInputs, output = weight / Sizes::kGroupInputs;
  const int64_t group = output / Sizes::kGroupOutputs;
  double total = Sum::start();
  for (int64_t at = threadIdx.x; at < Sizes::kBatch * rows.output * columns.output; at += kThreads) {
    const int64_t window_column = at % columns.output, window_row = at / columns.output % rows.output;
    const int64_t image = at / columns.output / rows.output;
    const int64_t row = rows.position(window_row, tap_row), column = columns.position(window_column, tap_column);
    if (!rows.is_inside(row) || !columns.is_inside(column)) continue;
    const int64_t plane = (image * Sizes::kGroups + group) * Sizes::kGroupInputs + channel;
    const double cell = x[(plane * rows.input + row) * columns.input + column];
    total += cell * y[((image * kOutputs + output) * rows.output + window_row) * columns.output + window_column];
  }
  total = join_block<Sum>(total);
  if (threadIdx.x == 0) w[block] = static_cast<float>(total);
}

}  // namespace bilevel
