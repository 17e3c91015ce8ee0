#include "cpu/winograd/products.h"

namespace bilevel::cpu::winograd {

Products::Products(const Tiling& tiling, int64_t channel_blocks, const Weights& weights)
    : tiling_(tiling), channel_blocks_(channel_blocks), weights_(weights) {}

int64_t Products::outputs(int64_t panel, int64_t vector) const {
  const int64_t lanes = tiling_.loops.lanes;
  return std::clamp<int64_t>(weights_.outputs - (panel * 2 + vector) * lanes, 0, lanes);
}

int64_t Products::products_stride() const {
  return (2 * round_up(tiling_.block_tiles, tiling_.loops.block_rows) + 1) * tiling_.loops.lanes;
}

void Products::transform_weights(const float* w, int64_t panel, float* u) const {
  const int64_t lanes = tiling_.loops.lanes;
  Weights some = weights_;
  some.outputs = std::min(weights_.outputs - panel * 2 * lanes, 2 * lanes);
  tiling_.loops.transform_weights[tiling_.kernel_index()](some, w + panel * 2 * lanes * some.output_stride, u,
                                                          weights_stride());
  // Channels that fill up the blocks.
  const int64_t used = some.inputs * 2 * lanes, size = channel_blocks_ * lanes * 2 * lanes;
  for (int64_t point = 0; point < kProducts; ++point) {
    std::fill_n(u + point * weights_stride() + used, size - used, 0.0f);
  }
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
  for (int64_t point = 0; point < kProducts; ++point) {
    loops.multiply(product, from.data + block * from.block_stride + point * from.point_stride,
                   u + point * weights_stride(), products + point * products_stride());
  }
}

}  // namespace bilevel::cpu::winograd
