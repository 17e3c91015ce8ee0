// Loop tiling: iterating over tiles where an operand or an output is transposed: its elements are then used while their
// cache lines are at hand. The order of an elementwise space changes no result.
#pragma once

#include <cstdint>
#include <vector>

#include "program/program.h"

namespace bilevel::cpu {

// Two dimensions of a space, each cut into whole tiles.
struct LoopTiling {
  size_t row = 0, column = 0;     // column is the last dimension that is not of size 1
  int64_t rows = 0, columns = 0;  // of one tile; 0 when tiles would not help

  // Sizes, and strides of a view, of the same space with two more dimensions at the end: those within a tile.
  std::vector<int64_t> sizes(std::vector<int64_t> of) const;
  std::vector<int64_t> strides(std::vector<int64_t> of) const;
};

// For an elementwise instruction.
LoopTiling choose_loop_tiling(const Fused& fused);

}  // namespace bilevel::cpu
