// The products of transformed tiles with transformed weights, for the outputs of one panel after the other.
#pragma once

#include "cpu/winograd/tiling.h"

namespace bilevel::cpu::winograd {

class Products {
 public:
  // Of tiles with so many blocks of channels, which begin with `weights.inputs` channels, and kernels that lie as
  // `weights` says, for all its outputs. `tiling` must outlive it.
  Products(const Tiling& tiling, int64_t channel_blocks, const Weights& weights);
  // Its owner holds the tiling beside it, so neither may move.
  Products(const Products&) = delete;
  Products& operator=(const Products&) = delete;

  int64_t panels() const { return ceil_divide(weights_.outputs, 2 * tiling_.loops.lanes); }
  // Outputs in vector `vector` of a panel: at most `lanes`, or none.
  int64_t outputs(int64_t panel, int64_t vector) const;

  // Floats of the transformed weights of a panel, and of the products of a block of tiles.
  int64_t weights_size() const { return kProducts * weights_stride(); }
  int64_t products_size() const { return kProducts * products_stride(); }

  void transform_weights(const float* w, int64_t panel, float* u) const;
  // products[point][tile][output of the panel] for `count` tiles of a block.
  void multiply(float* tiles, int64_t block, int64_t count, const float* u, float* products) const;

  // From one point to the next. A line more, as in Tiling.
  int64_t products_stride() const;

 private:
  int64_t weights_stride() const { return (channel_blocks_ * 2 * tiling_.loops.lanes + 1) * tiling_.loops.lanes; }

  const Tiling& tiling_;
  const int64_t channel_blocks_;
  const Weights weights_;
};

}  // namespace bilevel::cpu::winograd
