// A convolution of stride 1 as our own kernels see it: one spatial dimension is an image of height 1, and every group
// of a sample is an image of its own.
#pragma once

#include "program/program.h"

namespace bilevel::cpu {

struct Geometry {
  struct Axis {
    int64_t input, kernel, output, dilation;
    int64_t pad_low;  // negative: so many cells of the input are cut off

    int64_t padded() const { return output + (kernel - 1) * dilation; }
    // Where the input lies in the padded axis, within it.
    int64_t begin() const;
    int64_t end() const;
  };

  int64_t batch, groups, inputs, outputs;  // channels in a group
  Axis rows, columns;

  // The input gradient of a convolution is the convolution of its output with the kernel turned round.
  explicit Geometry(const Conv& conv);

  int64_t images() const { return batch * groups; }
  int64_t taps() const { return rows.kernel * columns.kernel; }
  int64_t weights() const { return groups * outputs * inputs * taps(); }
  int64_t input_cells() const { return rows.input * columns.input; }
  int64_t output_cells() const { return rows.output * columns.output; }
  int64_t flops() const { return 2 * images() * outputs * inputs * taps() * output_cells(); }
};

// Of the convolution that a gradient belongs to.
Geometry forward_geometry(Conv conv);

// The share of part `index` when `count` is cut into `parts` nearly equal runs: where it begins.
inline int64_t cut(int64_t count, int64_t parts, int64_t index) { return count * index / parts; }

inline int64_t ceil_divide(int64_t a, int64_t b) { return (a + b - 1) / b; }

// What a core computes in the unit of useful_threads.
inline constexpr int64_t kConvFlopsPerUnit = 20;

}  // namespace bilevel::cpu
