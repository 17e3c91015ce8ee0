#include "cpu/conv/tiled/correlation.h"

#include <atomic>

#include "cpu/kernel/interrupt.h"

namespace bilevel::cpu::tiled {
namespace {

Weights weights_of(const Geometry& g, bool turned) {
  return {.inputs = g.inputs,
          .outputs = g.outputs,
          .input_stride = turned ? g.outputs * g.taps() : g.taps(),
          .output_stride = turned ? g.taps() : g.inputs * g.taps(),
          .turned = turned};
}

}  // namespace

Correlation::Correlation(const Conv& conv, int threads, const Loops& loops)
    : tiling_(Geometry(conv), loops, loops.block_tiles),
      parts_(useful_threads(tiling_.geometry.flops() / kConvFlopsPerUnit, threads)),
      products_(tiling_, tiling_.input_blocks,
                weights_of(tiling_.geometry, conv.direction == ConvDirection::kInputGradient), parts_),
      bands_at_once_(tiling_.bands_within(kBytesAtOnce, tiling_.input_blocks)) {}

// The transformed tiles, and for each part what is staged, its transformed weights and the products of a block.
int64_t Correlation::workspace_bytes() const {
  const int64_t own = tiling_.staged_size() + products_.weights_size() + products_.products_size();
  return 4 * (tiling_.tiles_size(bands_at_once_, tiling_.input_blocks) + parts_ * own);
}

void Correlation::transform_outputs(const float* products, int64_t first_tile, int64_t count, int64_t panel, float* y,
                                    FiniteCheck& check) const {
  const Geometry& g = tiling_.geometry;
  const int64_t lanes = tiling_.loops.lanes;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t band = (first_tile + i) / tiling_.columns;
    const int64_t row = band % tiling_.rows * tiling_.tile;
    const int64_t column = (first_tile + i) % tiling_.columns * tiling_.tile;
    for (int64_t vector = 0; vector < 2 && products_.outputs(panel, vector) > 0; ++vector) {
      const Corner corner{.channels = products_.outputs(panel, vector),
                          .plane = g.output_cells(),
                          .pitch = g.columns.output,
                          .rows = std::min(g.rows.output - row, tiling_.tile),
                          .columns = std::min(g.columns.output - column, tiling_.tile)};
      const int64_t channel = (panel * 2 + vector) * lanes;
      tiling_.loops.transform_output[tiling_.tile_index()](
          products + (i * 2 + vector) * lanes, products_.products_stride(), corner,
          y + (band / tiling_.rows * g.outputs + channel) * corner.plane + row * corner.pitch + column, check.lanes);
    }
  }
}

bool Correlation::run(const float* x, const float* w, float* y, std::byte* workspace) const {
  float* const tiles = reinterpret_cast<float*>(workspace);
  float* const own = tiles + tiling_.tiles_size(bands_at_once_, tiling_.input_blocks);
  const int64_t own_size = tiling_.staged_size() + products_.weights_size() + products_.products_size();
  std::atomic<bool> finite = true;
  const Interrupt interrupt;
  for (int64_t first = 0; first < tiling_.bands && !interrupt.requested(); first += bands_at_once_) {
    const int64_t bands = std::min(bands_at_once_, tiling_.bands - first);
    parallel(parts_, [&](int part) {
      tiling_.transform_inputs(x, first, bands, share(bands * tiling_.input_blocks, part, parts_),
                               own + part * own_size, tiles);
    });
    parallel(parts_, [&](int part) {
      float* const weights = own + part * own_size + tiling_.staged_size();
      float* const products = weights + products_.weights_size();
      const int64_t count = bands * tiling_.columns, blocks = ceil_divide(count, tiling_.block_tiles);
      const auto [begin, end] = share(products_.panels() * blocks, part, parts_);
      const float* u = nullptr;
      FiniteCheck check;
      for (int64_t i = begin; i < end && !interrupt.requested(); ++i) {
        const int64_t panel = i / blocks, block = i % blocks, tile = block * tiling_.block_tiles;
        const int64_t in_block = std::min(count - tile, tiling_.block_tiles);
        if (i == begin || block == 0) u = products_.transform_weights(w, panel, part, first == 0, weights);
        products_.multiply(tiles, block, in_block, u, products);
        transform_outputs(products, first * tiling_.columns + tile, in_block, panel, y, check);
      }
      if (!check.passed()) finite = false;
    });
  }
  return finite;
}

}  // namespace bilevel::cpu::tiled
