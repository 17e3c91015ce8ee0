// How a convolution is cut into the tiles of tile_loops.h, and what both of its directions do with them.
#pragma once

#include <algorithm>
#include <iterator>

#include "cpu/conv/tiled/tile_loops.h"
#include "cpu/kernel/parallel.h"
#include "cpu/kernel/scratch.h"
#include "cpu/windows/geometry.h"

namespace bilevel::cpu::tiled {

// Of the tiles that are transformed before they are multiplied, and of the transformed weights that are kept: they are
// read back from the third cache.
inline constexpr int64_t kBytesAtOnce = int64_t{6} << 20, kWeightsBytes = int64_t{8} << 20;

// Whether a convolution can be computed so: square kernels of some sizes, neither dilated, strided nor grouped, with
// padding that is not negative.
bool has_tiling(const Conv& conv, const Loops& loops);

struct Tiling {
  Tiling(const Geometry& geometry, const Loops& loops, int64_t block_tiles);

  Geometry geometry;
  const Loops& loops;
  int64_t tile;           // cells of the output a side
  int64_t rows, columns;  // of tiles in a plane
  int64_t bands;          // rows of tiles in all planes
  int64_t input_blocks;   // of `lanes` channels
  int64_t panels;         // of 2 lanes output channels
  int64_t block_tiles;    // that lie together in memory

  int64_t output_blocks() const { return 2 * panels; }  // one more than there are, if that is odd
  // Of the cells that a row of tiles is computed from.
  int64_t input_columns() const { return columns * tile + loops.points - tile; }
  size_t kernel_index() const { return static_cast<size_t>(geometry.rows.kernel); }
  size_t tile_index() const { return static_cast<size_t>(tile); }

  // Floats in what is staged at one time.
  int64_t staged_size() const;

  // The largest number of bands, cut evenly, whose transforms of so many blocks of channels fit `bytes`; at least 1.
  int64_t bands_within(int64_t bytes, int64_t blocks) const;
  // Floats that the transforms of so many bands take.
  int64_t tiles_size(int64_t bands, int64_t blocks) const;
  Tiles tiles(float* data, int64_t blocks, int64_t block) const;

  // Transform rows begin .. end - 1 of all rows of tiles times blocks of channels, the blocks apart, where `count` rows
  // from `first_band` are in memory. `staged` has room for staged_size().
  void transform_inputs(const float* x, int64_t first_band, int64_t count, Range range, float* staged,
                        float* tiles) const;
  void transform_output_gradients(const float* y, int64_t first_band, int64_t count, Range range, float* staged,
                                  float* tiles) const;

 private:
  // A line more than the values of a point, or the stores of a tile would all fall into one set of the cache.
  int64_t point_stride(int64_t blocks) const { return (blocks * block_tiles + 1) * loops.lanes; }
  template <typename Transform>
  void each_run(int64_t first_band, int64_t count, Range range, Transform&& transform) const;

  int64_t staged_bands_;  // rows of tiles that are staged at one time
};

// Lanes that stay zero while everything that was added is finite, as the loops add it.
struct FiniteCheck {
  alignas(kCacheLine) float lanes[kMaxLanes] = {};

  bool passed() const {
    return std::all_of(std::begin(lanes), std::end(lanes), [](float lane) { return lane == 0.0f; });
  }
};

}  // namespace bilevel::cpu::tiled
