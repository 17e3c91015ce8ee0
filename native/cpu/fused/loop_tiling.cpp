#include "cpu/fused/loop_tiling.h"

#include <algorithm>
#include <cstdlib>

namespace bilevel::cpu {
namespace {

constexpr int64_t kSmallestSide = 4, kLargestSide = 32;

// A walk along `size` elements a stride apart touches a cache line for each of them. Whether these are gone from the
// first-level cache before the next walk comes by, because they are many or because they compete for the same few
// places.
bool outgrows_cache(int64_t size, int64_t stride) { return size >= 512 || (size >= 16 && stride % 1024 == 0); }

// The largest divisor that makes a good side of a tile, or 0.
int64_t side(int64_t size) {
  for (int64_t side = std::min(size, kLargestSide); side >= kSmallestSide; --side) {
    if (size % side == 0) return side;
  }
  return 0;
}

}  // namespace

LoopTiling choose_loop_tiling(const Fused& fused) {
  const std::vector<int64_t>& sizes = fused.sizes;
  LoopTiling tiling;
  tiling.column = sizes.size();
  while (tiling.column > 0 && sizes[tiling.column - 1] == 1) --tiling.column;
  if (tiling.column == 0) return {};
  --tiling.column;
  // The dimension along which a view lies in its buffer, when that is not the last.
  const auto transposed = [&](const View& view) {
    const int64_t stride = std::abs(view.strides[tiling.column]);
    if (stride <= 1 || !outgrows_cache(sizes[tiling.column], stride)) return false;
    for (size_t d = 0; d < tiling.column; ++d) {
      if (view.strides[d] == 1 && side(sizes[d]) > 0) {
        tiling.row = d;
        return true;
      }
    }
    return false;
  };
  const bool helps = std::any_of(fused.operands.begin(), fused.operands.end(), transposed) ||
                     std::any_of(fused.outputs.begin(), fused.outputs.end(),
                                 [&](const FusedOutput& output) { return transposed(output.view); });
  if (!helps || side(sizes[tiling.column]) == 0) return {};
  tiling.rows = side(sizes[tiling.row]);
  tiling.columns = side(sizes[tiling.column]);
  return tiling;
}

std::vector<int64_t> LoopTiling::sizes(std::vector<int64_t> of) const {
  if (rows == 0) return of;
  of[row] /= rows;
  of[column] /= columns;
  of.insert(of.end(), {rows, columns});
  return of;
}

std::vector<int64_t> LoopTiling::strides(std::vector<int64_t> of) const {
  if (rows == 0) return of;
  const int64_t along_row = of[row], along_column = of[column];
  of[row] *= rows;
  of[column] *= columns;
  of.insert(of.end(), {along_row, along_column});
  return of;
}

}  // namespace bilevel::cpu
