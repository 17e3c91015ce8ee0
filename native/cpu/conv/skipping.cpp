#include "cpu/conv/skipping.h"

#include <algorithm>

#include "cpu/kernel/interrupt.h"
#include "cpu/kernel/parallel.h"
#include "cpu/windows/axis.h"

namespace bilevel::cpu {
namespace {

// Calls row(tap, x, y, count) for every run of `count` cells of an output row that a tap of the kernel meets in the
// input; neighbours are a column's stride apart in x.
template <typename Row>
void each_row(const Axes& axes, float* x, float* y, Row&& row) {
  for (int64_t tap = 0; tap < axes.taps(); ++tap) {
    const int64_t row_tap = tap / axes.columns.kernel, column_tap = tap % axes.columns.kernel;
    const Range rows = axes.rows.windows(row_tap), columns = axes.columns.windows(column_tap);
    if (columns.begin == columns.end) continue;
    for (int64_t r = rows.begin; r < rows.end; ++r) {
      const int64_t x_row = axes.rows.position(r, row_tap) * axes.columns.input;
      row(tap, x + x_row + axes.columns.position(columns.begin, column_tap),
          y + r * axes.columns.output + columns.begin, columns.end - columns.begin);
    }
  }
}

}  // namespace

bool meets_padding_with_infinity(const Conv& conv, const float* w) {
  const Axes axes(conv);
  const auto is_padded = [&](const Axis& axis) {
    const bool around_y = conv.direction == ConvDirection::kInputGradient && axis.kernel > 1;
    return axis.pad_low > 0 || axis.pad_high > 0 || around_y;
  };
  if (!is_padded(axes.rows) && !is_padded(axes.columns)) return false;
  const int64_t weights = conv.output_channels * (conv.input_channels / conv.groups) * axes.taps();
  float zero = 0.0f;
#pragma omp simd reduction(+ : zero)
  for (int64_t i = 0; i < weights; ++i) zero += w[i] * 0.0f;
  return zero != 0.0f;
}

void convolve_skipping_padding(const Conv& conv, float* x, float* w, float* y, int threads) {
  const Axes axes(conv);
  const int64_t inputs = conv.input_channels / conv.groups, outputs = conv.output_channels / conv.groups;
  const int64_t stride = axes.columns.stride;
  const auto x_plane = [&](int64_t sample, int64_t output, int64_t input) {
    return x + (sample * conv.input_channels + output / outputs * inputs + input) * axes.input_plane();
  };
  const auto y_plane = [&](int64_t sample, int64_t output) {
    return y + (sample * conv.output_channels + output) * axes.output_plane();
  };
  const auto each_pair = [&](auto&& body) {
    for (int64_t output = 0; output < conv.output_channels; ++output) {
      for (int64_t input = 0; input < inputs; ++input) body(output, input, (output * inputs + input) * axes.taps());
    }
  };
  const Interrupt interrupt;
  if (conv.direction == ConvDirection::kFilterGradient) {
    each_pair([&](int64_t output, int64_t input, int64_t first) {
      std::fill_n(w + first, axes.taps(), 0.0f);
      for (int64_t sample = 0; sample < conv.batch && !interrupt.requested(); ++sample) {
        each_row(axes, x_plane(sample, output, input), y_plane(sample, output),
                 [&](int64_t tap, const float* from, const float* with, int64_t count) {
                   for (int64_t i = 0; i < count; ++i) w[first + tap] += from[i * stride] * with[i];
                 });
      }
    });
    return;
  }
  const bool forward = conv.direction == ConvDirection::kForward;
  const int64_t size = forward ? conv.output_channels * axes.output_plane() : conv.input_channels * axes.input_plane();
  parallel(threads, [&](int part) {
    const Range samples = share(conv.batch, part, threads);
    std::fill_n((forward ? y : x) + samples.begin * size, (samples.end - samples.begin) * size, 0.0f);
    for (int64_t sample = samples.begin; sample < samples.end && !interrupt.requested(); ++sample) {
      each_pair([&](int64_t output, int64_t input, int64_t first) {
        each_row(axes, x_plane(sample, output, input), y_plane(sample, output),
                 [&](int64_t tap, float* at_x, float* at_y, int64_t count) {
                   const float weight = w[first + tap];
                   for (int64_t i = 0; i < count; ++i) {
                     if (forward) at_y[i] += weight * at_x[i * stride];
                     if (!forward) at_x[i * stride] += weight * at_y[i];
                   }
                 });
      });
    }
  });
}

}  // namespace bilevel::cpu
