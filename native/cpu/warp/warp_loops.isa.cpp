// The loops of warp_loops.h, compiled once per instruction set into the namespace BILEVEL_ISA. Nothing here may call an
// inline function of another header: the linker keeps one copy of those, and it could be one that this processor cannot
// run.
#include "cpu/warp/warp_loops.h"

namespace bilevel::cpu::BILEVEL_ISA {
namespace {

using Cells = WarpLoops::Cells;

// Runs are computed in whole vectors, for which there is room.
constexpr int64_t kVector = 16;
static_assert(WarpLoops::kRun % kVector == 0);

inline __attribute__((always_inline)) int64_t whole_vectors(int64_t n) { return (n + kVector - 1) / kVector * kVector; }

// The pixels before and behind a position along one axis.
struct Pair {
  int32_t before, behind;
  float before_weight, behind_weight;
};

inline __attribute__((always_inline)) Pair around(float position, float last) {
  const float before = __builtin_floorf(position), share = position - before;
  // NaN lies neither inside nor outside.
  const bool inside = before >= 0.0f && before <= last, outside = before < 0.0f || before > last;
  const bool next_inside = before >= -1.0f && before < last, next_outside = before < -1.0f || before >= last;
  return {static_cast<int32_t>(inside ? before : 0.0f), static_cast<int32_t>(next_inside ? before + 1.0f : 0.0f),
          outside ? 0.0f : 1.0f - share, next_outside ? 0.0f : share};
}

// Rounded once where the processor can. Written out, since whether the compiler makes it of a product and a sum depends
// on how much it optimizes.
inline __attribute__((always_inline)) float multiply_add(float a, float b, float c) {
#if defined(__FMA__) || defined(__aarch64__)
  return __builtin_fmaf(a, b, c);
#else
  return a * b + c;
#endif
}

void locate(Cells* cells, WarpLoops::Line line, int64_t first, int64_t n, int32_t height, int32_t width) {
  const auto start = static_cast<int32_t>(first), count = static_cast<int32_t>(whole_vectors(n));
  const float last_row = static_cast<float>(height - 1), last_column = static_cast<float>(width - 1);
#pragma omp simd
  for (int32_t i = 0; i < count; ++i) {
    const float pixel = static_cast<float>(start + i);
    const Pair row = around(multiply_add(line.row_step, pixel, line.row), last_row);
    const Pair column = around(multiply_add(line.column_step, pixel, line.column), last_column);
    cells->at[0][i] = row.before * width + column.before;
    cells->at[1][i] = row.before * width + column.behind;
    cells->at[2][i] = row.behind * width + column.before;
    cells->at[3][i] = row.behind * width + column.behind;
    cells->weight[0][i] = row.before_weight * column.before_weight;
    cells->weight[1][i] = row.before_weight * column.behind_weight;
    cells->weight[2][i] = row.behind_weight * column.before_weight;
    cells->weight[3][i] = row.behind_weight * column.behind_weight;
  }
}

void blend(float* y, const float* x, const Cells& cells, int64_t n) {
  float sums[WarpLoops::kRun];
  const int64_t count = whole_vectors(n);
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) {
    float sum = 0.0f;
    for (int k = 0; k < 4; ++k) {
      const float weight = cells.weight[k][i], part = weight * x[cells.at[k][i]];
      sum += weight != 0.0f ? part : 0.0f;
    }
    sums[i] = sum;
  }
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) y[i] = sums[i];
}

void copy_mirrored(float* y, const float* x, int64_t n) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) y[i] = x[-i];
}

void add_mirrored(float* y, const float* x, int64_t n) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) y[i] += x[-i];
}

void add(float* y, const float* x, int64_t n) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) y[i] += x[i];
}

}  // namespace

extern const WarpLoops kWarpLoops;
constexpr WarpLoops kWarpLoops = {locate, blend, copy_mirrored, add_mirrored, add};

}  // namespace bilevel::cpu::BILEVEL_ISA
