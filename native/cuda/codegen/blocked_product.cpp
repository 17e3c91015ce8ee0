#include "cuda/codegen/blocked_product.h"

#include <algorithm>

namespace bilevel::cuda {
namespace {

// Places may lie a tile behind the last element.
constexpr int64_t kMostOf32Bits = int64_t{1} << 30;

}  // namespace

Kernel call_blocked_product(KernelText text, std::string_view function, const ProductShape& product,
                            const Tiling& tiling, Precision precision, int64_t elements) {
  const auto& [products, rows, columns, depth] = product;
  const TileShape& tile = tiling.tile;
  const int64_t row_tiles = ceil_divide(rows, tile.rows), column_tiles = ceil_divide(columns, tile.columns);
  const int64_t tiles = products * row_tiles * column_tiles;
  text.member(std::max({elements, rows, columns, depth}) <= kMostOf32Bits ? "typedef int32_t Number"
                                                                          : "typedef int64_t Number");
  text.size("kRows", rows);
  text.size("kColumns", columns);
  text.size("kDepth", depth);
  text.size("kTileRows", tile.rows);
  text.size("kTileColumns", tile.columns);
  text.size("kThreadRows", tile.thread_rows);
  text.size("kThreadColumns", tile.thread_columns);
  text.size("kSteps", tile.steps);
  text.size("kRowTiles", row_tiles);
  text.size("kColumnTiles", column_tiles);
  text.size("kParts", tiling.parts);
  text.size("kPartDepth", tiling.part_depth);
  text.size("kDroppedBits", kDroppedBits[static_cast<size_t>(precision)]);
  if (tiling.parts > 1) {
    text.scratch("float", "parts",
                 tiles * tiling.parts * tile.rows * tile.columns * static_cast<int64_t>(sizeof(float)));
    text.counters("arrived", tiles);
  }
  return text.call_blocks(function, tiles * tiling.parts);
}

}  // namespace bilevel::cuda
