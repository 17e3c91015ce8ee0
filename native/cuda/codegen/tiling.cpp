#include "cuda/codegen/tiling.h"

#include <algorithm>

#include "cuda/codegen/kernel_text.h"

namespace bilevel::cuda {
namespace {

// What a block does before its first step and behind its last one, and what it takes to add up a part, in steps.
constexpr int64_t kStepsOfBlock = 32, kStepsOfPart = 8;

// Of the multiprocessor that works longest. A block alone on one leaves half of it idle.
int64_t time_of(const ProductShape& product, const Tiling& tiling, int64_t multiprocessors) {
  const TileShape& tile = tiling.tile;
  const int64_t blocks = product.products * ceil_divide(product.rows, tile.rows) *
                         ceil_divide(product.columns, tile.columns) * tiling.parts;
  const int64_t steps = tiling.part_depth + kStepsOfBlock + (tiling.parts > 1 ? kStepsOfPart * tiling.parts : 0);
  return std::max<int64_t>(2, ceil_divide(blocks, multiprocessors)) * steps * tile.rows * tile.columns * tile.work;
}

}  // namespace

std::optional<Tiling> choose_tiling(const ProductShape& product, const TilingRule& rule) {
  const auto& [products, rows, columns, depth] = product;
  if (std::min(rows, columns) < rule.least_side || depth < rule.least_depth ||
      products * rows * columns * depth < rule.least_work) {
    return std::nullopt;
  }
  std::optional<Tiling> best;
  for (const TileShape& tile : rule.shapes) {
    for (int64_t parts = 1; parts <= rule.most_parts; parts *= 2) {
      if (parts > 1 && depth < parts * rule.least_part_depth) break;
      const int64_t part_depth = ceil_divide(ceil_divide(depth, parts), tile.steps) * tile.steps;
      const Tiling tiling{tile, ceil_divide(depth, part_depth), part_depth};
      if (!best || time_of(product, tiling, rule.multiprocessors) < time_of(product, *best, rule.multiprocessors)) {
        best = tiling;
      }
    }
  }
  return best;
}

}  // namespace bilevel::cuda
