#include "cpu/winograd/correlation.h"

#include <algorithm>
#include <atomic>

namespace bilevel::cpu::winograd {
namespace {

// Transforms are read back from the third cache.
constexpr int64_t kBytesAtOnce = int64_t{6} << 20;

}  // namespace

Correlation::Correlation(const Conv& conv, int threads, const Loops& with)
    : turned_(conv.direction == ConvDirection::kInputGradient),
      tiling_(Geometry(conv), with),
      parts_(useful_threads(tiling_.geometry.flops() / kConvFlopsPerUnit, threads)),
      bands_at_once_(tiling_.bands_within(kBytesAtOnce, tiling_.input_blocks)) {}

// The transformed tiles, and for each part what is staged, the transformed weights of a panel and its products.
int64_t Correlation::workspace_bytes() const {
  const int64_t own = tiling_.staged_size() + kProducts * (weights_point_stride() + products_point_stride());
  return 4 * (tiling_.tiles_size(bands_at_once_, tiling_.input_blocks) + parts_ * own);
}

void Correlation::transform_weights(const float* w, int64_t panel, float* u) const {
  const Geometry& g = tiling_.geometry;
  const int64_t lanes = tiling_.loops.lanes, output = panel * 2 * lanes;
  const int64_t of_output = turned_ ? g.taps() : g.inputs * g.taps();
  const int64_t of_input = turned_ ? g.outputs * g.taps() : g.taps();
  tiling_.loops.transform_weights[tiling_.kernel_index()](
      {g.inputs, std::min(g.outputs - output, 2 * lanes), of_input, of_output, turned_}, w + output * of_output, u,
      weights_point_stride());
  const int64_t end = tiling_.input_blocks * lanes;
  for (int64_t point = 0; point < kProducts; ++point) {
    std::fill_n(u + point * weights_point_stride() + g.inputs * 2 * lanes, (end - g.inputs) * 2 * lanes, 0.0f);
  }
}

// The outputs of a panel in block `block` of the tiles in memory, which begin with band `first_band`.
void Correlation::multiply(const float* tiles, const float* u, int64_t first_band, int64_t bands, int64_t panel,
                           int64_t block, float* products, float* y, FiniteCheck& finite) const {
  const Geometry& g = tiling_.geometry;
  const Loops& loops = tiling_.loops;
  const int64_t lanes = loops.lanes;
  const Tiles from = tiling_.tiles(const_cast<float*>(tiles), tiling_.input_blocks, 0);
  const int64_t count = std::min(bands * tiling_.columns - block * kBlockTiles, kBlockTiles);
  const Product product{.outer = tiling_.input_blocks,
                        .inner = lanes,
                        .a_outer = kBlockTiles * lanes,
                        .a_inner = 1,
                        .a_row = lanes,
                        .b_outer = 2 * lanes * lanes,
                        .b_inner = 2 * lanes,
                        .b_vector = lanes,
                        .rows = round_up(count, loops.block_rows),
                        .adds = false};
  for (int64_t point = 0; point < kProducts; ++point) {
    loops.multiply(product, from.data + block * from.block_stride + point * from.point_stride,
                   u + point * weights_point_stride(), products + point * products_point_stride());
  }
  const int64_t vectors = std::min<int64_t>(2, ceil_divide(g.outputs - panel * 2 * lanes, lanes));
  for (int64_t i = 0; i < count; ++i) {
    const int64_t index = block * kBlockTiles + i, band = first_band + index / tiling_.columns;
    const int64_t row = band % tiling_.rows * tiling_.tile, column = index % tiling_.columns * tiling_.tile;
    for (int64_t vector = 0; vector < vectors; ++vector) {
      const int64_t channel = (panel * 2 + vector) * lanes;
      const Corner corner{.channels = std::min(g.outputs - channel, lanes),
                          .plane = g.output_cells(),
                          .pitch = g.columns.output,
                          .rows = std::min(g.rows.output - row, tiling_.tile),
                          .columns = std::min(g.columns.output - column, tiling_.tile)};
      loops.transform_output[tiling_.tile_index()](
          products + (i * 2 + vector) * lanes, products_point_stride(), corner,
          y + (band / tiling_.rows * g.outputs + channel) * corner.plane + row * corner.pitch + column, finite.lanes);
    }
  }
}

bool Correlation::run(const float* x, const float* w, float* y, std::byte* workspace) const {
  float* const tiles = reinterpret_cast<float*>(workspace);
  float* const own = tiles + tiling_.tiles_size(bands_at_once_, tiling_.input_blocks);
  const int64_t weights_size = kProducts * weights_point_stride();
  const int64_t own_size = tiling_.staged_size() + weights_size + kProducts * products_point_stride();
  std::atomic<bool> finite = true;
  for (int64_t first = 0; first < tiling_.bands; first += bands_at_once_) {
    const int64_t bands = std::min(bands_at_once_, tiling_.bands - first);
    parallel(parts_, [&](int part) {
      tiling_.transform_inputs(x, first, bands, share(bands * tiling_.input_blocks, part, parts_),
                               own + part * own_size, tiles);
    });
    parallel(parts_, [&](int part) {
      float* const u = own + part * own_size + tiling_.staged_size();
      const int64_t blocks = ceil_divide(bands * tiling_.columns, kBlockTiles);
      const auto [begin, end] = share(tiling_.panels * blocks, part, parts_);
      FiniteCheck check;
      for (int64_t i = begin; i < end; ++i) {
        if (i == begin || i % blocks == 0) transform_weights(w, i / blocks, u);
        multiply(tiles, u, first, bands, i / blocks, i % blocks, u + weights_size, y, check);
      }
      if (!check.passed()) finite = false;
    });
  }
  return finite;
}

}  // namespace bilevel::cpu::winograd
