// Warps of images by affine maps, and their transpose. Sizes: Number, kElements, kChannels, kHeight and kWidth of x,
// kRows and kColumns of y.
#pragma once

#include "cuda/kernels/prelude.cuh"

namespace bilevel {

// The pixels before and behind a position along one axis, and what they weigh: outside nothing, NaN around NaN.
struct PixelPair {
  int64_t index[2];
  float weight[2];
};

BILEVEL_INLINE PixelPair pixels_around(float position, float last) {
  const float before = floorf(position), share = position - before;
  const bool inside = before >= 0.0f && before <= last, outside = before < 0.0f || before > last;
  const bool next_inside = before >= -1.0f && before < last, next_outside = before < -1.0f || before >= last;
  PixelPair pair;
  pair.index[0] = inside ? static_cast<int64_t>(before) : 0;
  pair.index[1] = next_inside ? static_cast<int64_t>(before) + 1 : 0;
  pair.weight[0] = outside ? 0.0f : 1.0f - share;
  pair.weight[1] = next_outside ? 0.0f : share;
  return pair;
}

// The rows and the columns of x that a pixel of y is blended of. As on the CPU, what a row begins with is rounded once.
template <typename Sizes>
BILEVEL_INLINE void find_pixels(const float* map, int64_t row, int64_t column, PixelPair* rows, PixelPair* columns) {
  const double i = static_cast<double>(row);
  const float j = static_cast<float>(column);
  const float p = __fmaf_rn(map[1], j, static_cast<float>(map[0] * i + map[2]));
  const float q = __fmaf_rn(map[4], j, static_cast<float>(map[3] * i + map[5]));
  *rows = pixels_around(p, static_cast<float>(Sizes::kHeight - 1));
  *columns = pixels_around(q, static_cast<float>(Sizes::kWidth - 1));
}

// A thread for each pixel of y.
template <typename Sizes>
BILEVEL_INLINE void warp_affine(uint32_t block, const float* x, const float* table, float* y) {
  const int64_t at = thread_number<typename Sizes::Number>(block);
  if (at >= Sizes::kElements) return;
  const int64_t plane = at / Sizes::kColumns / Sizes::kRows;
  PixelPair rows, columns;
  find_pixels<Sizes>(table + 6 * (plane / Sizes::kChannels), at / Sizes::kColumns % Sizes::kRows, at % Sizes::kColumns,
                     &rows, &columns);
  x += plane * Sizes::kHeight * Sizes::kWidth;
  float total = 0.0f;
  for (int a = 0; a < 2; ++a) {
    for (int b = 0; b < 2; ++b) {
      const float weight = rows.weight[a] * columns.weight[b];
      if (weight != 0.0f) total += weight * x[rows.index[a] * Sizes::kWidth + columns.index[b]];
    }
  }
  y[at] = total;
}

// A thread for each plane, which adds in the CPU's order.
template <typename Sizes>
BILEVEL_INLINE void warp_affine_gradient(uint32_t block, float* x, const float* table, const float* y) {
  const int64_t plane = thread_number<typename Sizes::Number>(block);
  if (plane >= Sizes::kElements) return;
  x += plane * Sizes::kHeight * Sizes::kWidth;
  y += plane * Sizes::kRows * Sizes::kColumns;
  for (int64_t i = 0; i < Sizes::kHeight * Sizes::kWidth; ++i) x[i] = 0.0f;
  for (int64_t row = 0; row < Sizes::kRows; ++row) {
    for (int64_t column = 0; column < Sizes::kColumns; ++column) {
      PixelPair rows, columns;
      find_pixels<Sizes>(table + 6 * (plane / Sizes::kChannels), row, column, &rows, &columns);
      for (int a = 0; a < 2; ++a) {
        for (int b = 0; b < 2; ++b) {
          const float weight = rows.weight[a] * columns.weight[b];
          if (weight != 0.0f) {
            x[rows.index[a] * Sizes::kWidth + columns.index[b]] += weight * y[row * Sizes::kColumns + column];
          }
        }
      }
    }
  }
}

}  // namespace bilevel
