#include "cpu/conv/tiled/tiling.h"

#include <algorithm>

namespace bilevel::cpu::tiled {
namespace {

// Of the second cache. Neighbouring rows of tiles share rows of cells, so many are staged together.
constexpr int64_t kStagedBytes = int64_t{256} << 10;

}  // namespace

bool has_tiling(const Conv& conv, const Loops& loops) {
  if (conv.spatial_rank != 2 || conv.groups != 1 || conv.kernel[0] != conv.kernel[1]) return false;
  if (conv.kernel[0] < loops.min_side || conv.kernel[0] > loops.max_side) return false;
  const bool turned = conv.direction == ConvDirection::kInputGradient;
  for (size_t d = 0; d < 2; ++d) {
    if (conv.stride[d] != 1 || conv.dilation[d] != 1 || conv.pad_low[d] < 0 || conv.pad_high[d] < 0) return false;
    if (turned && std::max(conv.pad_low[d], conv.pad_high[d]) >= conv.kernel[d]) return false;
  }
  return true;
}

Tiling::Tiling(const Geometry& g, const Loops& with, int64_t tiles_in_block)
    : geometry(g),
      loops(with),
      tile(with.points + 1 - g.rows.kernel),
      rows(ceil_divide(g.rows.output, tile)),
      columns(ceil_divide(g.columns.output, tile)),
      bands(g.batch * rows),
      input_blocks(ceil_divide(g.inputs, with.lanes)),
      panels(ceil_divide(g.outputs, 2 * with.lanes)),
      block_tiles(tiles_in_block),
      staged_bands_(std::clamp<int64_t>(kStagedBytes / (tile * input_columns() * with.lanes * 4), 1, rows)) {}

int64_t Tiling::staged_size() const {
  return ((staged_bands_ - 1) * tile + loops.points) * input_columns() * loops.lanes;
}

int64_t Tiling::bands_within(int64_t bytes, int64_t blocks) const {
  const int64_t band_bytes = columns * loops.products * blocks * loops.lanes * 4;
  const int64_t most = std::clamp<int64_t>(bytes / band_bytes, 1, bands);
  return ceil_divide(bands, ceil_divide(bands, most));
}

int64_t Tiling::tiles_size(int64_t count, int64_t blocks) const {
  return ceil_divide(count * columns, block_tiles) * loops.products * point_stride(blocks);
}

Tiles Tiling::tiles(float* data, int64_t blocks, int64_t block) const {
  const int64_t stride = point_stride(blocks);
  return {data + block * block_tiles * loops.lanes, block_tiles, loops.products * stride, stride};
}

// Calls transform(block, image, row, count, tile) for every run of rows of tiles of one image and block of channels:
// its first row in the image and the number of its first tile in memory.
template <typename Transform>
void Tiling::each_run(int64_t first_band, int64_t count, Range range, Transform&& transform) const {
  for (int64_t i = range.begin; i < range.end;) {
    const int64_t index = i % count, band = first_band + index, row = band % rows;
    const int64_t run = std::min({range.end - i, count - index, rows - row, staged_bands_});
    transform(i / count, band / rows, row, run, index * columns);
    i += run;
  }
}

void Tiling::transform_inputs(const float* x, int64_t first_band, int64_t count, Range range, float* staged,
                              float* data) const {
  const Geometry& g = geometry;
  each_run(first_band, count, range, [&](int64_t block, int64_t image, int64_t row, int64_t run, int64_t first) {
    const int64_t channel = block * loops.lanes;
    const Band band{.channels = std::min(g.inputs - channel, loops.lanes),
                    .height = g.rows.input,
                    .width = g.columns.input,
                    .first_row = row * tile - g.rows.pad_low,
                    .left = g.columns.pad_low,
                    .rows = (run - 1) * tile + loops.points,
                    .columns = input_columns(),
                    .next = g.inputs * g.input_cells()};
    loops.stage(band, x + (image * g.inputs + channel) * g.input_cells(), staged);
    for (int64_t i = 0; i < run; ++i) {
      loops.transform_input(staged + i * tile * band.columns * loops.lanes, band.columns, tile, first + i * columns,
                            columns, tiles(data, input_blocks, block));
    }
  });
}

void Tiling::transform_output_gradients(const float* y, int64_t first_band, int64_t count, Range range, float* staged,
                                        float* data) const {
  const Geometry& g = geometry;
  each_run(first_band, count, range, [&](int64_t block, int64_t image, int64_t row, int64_t run, int64_t first) {
    // The last panel may have a block less than others: nothing but zeros.
    const int64_t channel = std::min(block * loops.lanes, g.outputs);
    const Band band{.channels = std::min(g.outputs - channel, loops.lanes),
                    .height = g.rows.output,
                    .width = g.columns.output,
                    .first_row = row * tile,
                    .left = 0,
                    .rows = run * tile,
                    .columns = columns * tile,
                    .next = g.outputs * g.output_cells()};
    loops.stage(band, y + (image * g.outputs + channel) * g.output_cells(), staged);
    for (int64_t i = 0; i < run; ++i) {
      loops.transform_output_gradient[tile_index()](staged + i * tile * band.columns * loops.lanes, band.columns,
                                                    first + i * columns, columns, tiles(data, output_blocks(), block));
    }
  });
}

}  // namespace bilevel::cpu::tiled
