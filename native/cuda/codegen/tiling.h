// Which products are computed by tiles that threads hold in registers (kernels/blocked_product.cuh), and by which. All
// of it depends on shapes alone, so that results do not depend on the device.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace bilevel::cuda {

// So many products, each [rows, depth] times [depth, columns].
struct ProductShape {
  int64_t products, rows, columns, depth;
};

// Of a tile, of what a thread has of it, and the steps along the depth between two barriers. What `work` an element
// takes beside the others: less where a thread reads less of shared memory for each.
struct TileShape {
  int64_t rows, columns, thread_rows, thread_columns, steps, work;
};

inline constexpr TileShape kTileShapes[] = {
    {128, 128, 8, 8, 8, 2}, {64, 64, 4, 4, 16, 3},  {128, 32, 4, 4, 16, 3},
    {32, 128, 4, 4, 16, 3}, {256, 16, 4, 4, 16, 3}, {16, 256, 4, 4, 16, 3},
};

struct TilingRule {
  // Below these the kernels that compute by definitions, or by tiles of 32 x 32, are better: most of a tile would be
  // empty (few channels, groups of one), or there is too little work for any tile.
  int64_t least_side = 8, least_depth = 16, least_work = int64_t{1} << 20;
  // The depth is split into parts where there are too few tiles: blocks for so many multiprocessors, two on each.
  int64_t multiprocessors = 132, least_part_depth = 128, most_parts = 64;
  std::span<const TileShape> shapes = kTileShapes;
};

struct Tiling {
  TileShape tile;
  int64_t parts, part_depth;  // a multiple of the tile's steps
};

// The tiling that a simple model of the time finds fastest; none where other kernels are better.
std::optional<Tiling> choose_tiling(const ProductShape& product, const TilingRule& rule);

}  // namespace bilevel::cuda
