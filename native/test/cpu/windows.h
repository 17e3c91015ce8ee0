// What convolutions and poolings have in common: where the taps of their windows lie.
#pragma once

#include <cstddef>
#include <cstdint>

#include "program/program.h"

namespace bilevel::test {

inline size_t at(int64_t index) { return static_cast<size_t>(index); }

// A one-dimensional space is one row.
struct Grid {
  int64_t rows, columns;
  int64_t cells() const { return rows * columns; }
};

inline Grid grid(int32_t rank, const Spatial& sizes, int64_t row) {
  return rank == 2 ? Grid{sizes[0], sizes[1]} : Grid{row, sizes[0]};
}

// Calls body(plane_position_of_x, window, tap) for every cell of the input that a tap of a window meets.
template <typename Instruction, typename Body>
void each_meeting(const Instruction& i, Body&& body) {
  const int32_t rank = i.spatial_rank;
  const Grid input = grid(rank, i.input, 1), kernel = grid(rank, i.kernel, 1), output = grid(rank, i.output, 1);
  const Grid stride = grid(rank, i.stride, 1), dilation = grid(rank, i.dilation, 1), low = grid(rank, i.pad_low, 0);
  for (int64_t oy = 0; oy < output.rows; ++oy) {
    for (int64_t ox = 0; ox < output.columns; ++ox) {
      for (int64_t ky = 0; ky < kernel.rows; ++ky) {
        for (int64_t kx = 0; kx < kernel.columns; ++kx) {
          const int64_t y = oy * stride.rows - low.rows + ky * dilation.rows;
          const int64_t x = ox * stride.columns - low.columns + kx * dilation.columns;
          if (y < 0 || y >= input.rows || x < 0 || x >= input.columns) continue;
          body(y * input.columns + x, oy * output.columns + ox, ky * kernel.columns + kx);
        }
      }
    }
  }
}

}  // namespace bilevel::test
