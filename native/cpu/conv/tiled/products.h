// The products of transformed tiles with transformed weights, for the outputs of one panel after the other.
#pragma once

#include "cpu/conv/tiled/tiling.h"

namespace bilevel::cpu::tiled {

class Products {
 public:
  // Of tiles with so many blocks of channels, which begin with `weights.inputs` channels, and kernels that lie as
  // `weights` says, for all its outputs, shared among so many parts. `tiling` must outlive it.
  Products(const Tiling& tiling, int64_t channel_blocks, const Weights& weights, int parts);
  // Its owner holds the tiling beside it, so neither may move.
  Products(const Products&) = delete;
  Products& operator=(const Products&) = delete;

  int64_t panels() const { return ceil_divide(weights_.outputs, 2 * tiling_.loops.lanes); }
  // Outputs in vector `vector` of a panel: at most `lanes`, or none.
  int64_t outputs(int64_t panel, int64_t vector) const;

  // Floats of the transformed weights of a part, and of the products of a block of tiles.
  int64_t weights_size() const { return (keeps_weights_ ? panels_of_part() : 1) * panel_size(); }
  int64_t products_size() const { return tiling_.loops.products * products_stride(); }

  // Transforms the weights of a panel, unless they are kept since the first time. Parts take panels in order, each an
  // equal share. `own` is what belongs to the part.
  const float* transform_weights(const float* w, int64_t panel, int part, bool first, float* own) const;
  // products[value][tile][output of the panel] for `count` tiles of a block, with the panel's transformed weights.
  void multiply(float* tiles, int64_t block, int64_t count, const float* u, float* products) const;

  // From one point to the next. A line more, as in Tiling.
  int64_t products_stride() const;

 private:
  // At most, with those that it shares with its neighbours.
  int64_t panels_of_part() const {
    return panels() % parts_ == 0 ? panels() / parts_ : std::min(panels() / parts_ + 2, panels());
  }
  int64_t panel_size() const { return tiling_.loops.products * weights_stride(); }
  int64_t weights_stride() const { return (channel_blocks_ * 2 * tiling_.loops.lanes + 1) * tiling_.loops.lanes; }

  const Tiling& tiling_;
  const int64_t channel_blocks_;
  const Weights weights_;
  const int parts_;
  const bool keeps_weights_;
};

}  // namespace bilevel::cpu::tiled
