#include "cpu/conv/tiled/products.h"

namespace bilevel::cpu::tiled {

Products::Products(const Tiling& tiling, int64_t channel_blocks, const Weights& weights, int parts)
    : tiling_(tiling),
      channel_blocks_(channel_blocks),
      weights_(weights),
      parts_(parts),
      keeps_weights_(4 * parts * panels_of_part() * panel_size() <= kWeightsBytes) {}

int64_t Products::outputs(int64_t panel, int64_t vector) const {
  const int64_t lanes = tiling_.loops.lanes;
  return std::clamp<int64_t>(weights_.outputs - (panel * 2 + vector) * lanes, 0, lanes);
}

int64_t Products::products_stride() const {
  return (2 * round_up(tiling_.block_tiles, tiling_.loops.block_rows) + 1) * tiling_.loops.lanes;
}

const float* Products::transform_weights(const float* w, int64_t panel, int part, bool first, float* own) const {
  const Loops& loops = tiling_.loops;
  float* const u = keeps_weights_ ? own + (panel - share(panels(), part, parts_).begin) * panel_size() : own;
  if (keeps_weights_ && !first) return u;
  const int64_t row = 2 * loops.lanes;
  Weights some = weights_;
  some.outputs = std::min(weights_.outputs - panel * row, row);
  loops.transform_weights[tiling_.kernel_index()](some, w + panel * row * some.output_stride, u, weights_stride());
  // Channels that fill up the blocks.
  const int64_t used = some.inputs * row, size = channel_blocks_ * loops.lanes * row;
  for (int64_t value = 0; value < loops.products; ++value) {
    std::fill_n(u + value * weights_stride() + used, size - used, 0.0f);
  }
  return u;
}

void Products::multiply(float* tiles, int64_t block, int64_t count, const float* u, float* products) const {
  const Loops& loops = tiling_.loops;
  const int64_t lanes = loops.lanes;
  const Tiles from = tiling_.tiles(tiles, channel_blocks_, 0);
  // Rows beyond the tiles hold whatever follows them; their products are not looked at.
  const Product product{.outer = channel_blocks_,
                        .inner = lanes,
                        .a_outer = from.block_tiles * lanes,
                        .a_inner = 1,
                        .a_row = lanes,
                        .b_outer = 2 * lanes * lanes,
                        .b_inner = 2 * lanes,
                        .b_vector = lanes,
                        .rows = round_up(count, loops.block_rows),
                        .adds = false};
  for (int64_t point = 0; point < loops.products; ++point) {
    loops.multiply(product, from.data + block * from.block_stride + point * from.point_stride,
                   u + point * weights_stride(), products + point * products_stride());
  }
}

}  // namespace bilevel::cpu::tiled
