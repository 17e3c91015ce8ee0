// The innermost loops of warps, compiled once per instruction set (warp_loops.isa.cpp) and chosen when the process
// starts.
#pragma once

#include <cstdint>
#include <span>

namespace bilevel::cpu {

struct WarpLoops {
  // Most positions of a run.
  static constexpr int64_t kRun = 64;

  // The position of the first pixel of a row, and what it changes by from one to the next.
  struct Line {
    float row, column, row_step, column_step;
  };
  // The four pixels around each position of a run, by their places in the plane, and what they weigh: those outside the
  // plane nothing, those around a position that is NaN, NaN.
  struct Cells {
    int32_t at[4][kRun];
    float weight[4][kRun];
  };

  // The cells of pixels first .. first + n - 1 of a row, in a plane of height * width pixels, at least one.
  void (*locate)(Cells* cells, Line line, int64_t first, int64_t n, int32_t height, int32_t width);
  // y[i] = sum of weight * x[at] over the cells that weigh something.
  void (*blend)(float* y, const float* x, const Cells& cells, int64_t n);
  // y[i] = x[-i], or x[-i] added to it.
  void (*copy_mirrored)(float* y, const float* x, int64_t n);
  void (*add_mirrored)(float* y, const float* x, int64_t n);
  void (*add)(float* y, const float* x, int64_t n);
};

// Those of the instruction sets that this processor has, best first.
std::span<const WarpLoops* const> supported_warp_loops();

inline const WarpLoops& warp_loops() { return *supported_warp_loops().front(); }

}  // namespace bilevel::cpu
