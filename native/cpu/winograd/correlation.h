// A convolution, or its input gradient, by Winograd's minimal filtering.
#pragma once

#include <cstddef>

#include "cpu/winograd/tiling.h"

namespace bilevel::cpu::winograd {

class Correlation {
 public:
  // Of a convolution that has a tiling, without empty dimensions, for a team of `threads`.
  Correlation(const Conv& conv, int threads, const Loops& with = loops());

  int64_t workspace_bytes() const;

  // False when a result is not finite. It may be wrong then: where an infinity meets others in a transform it becomes
  // NaN, in cells that it should not reach.
  bool run(const float* x, const float* w, float* y, std::byte* workspace) const;

 private:
  void transform_weights(const float* w, int64_t panel, float* u) const;
  void multiply(const float* tiles, const float* u, int64_t first_band, int64_t bands, int64_t panel, int64_t block,
                float* products, float* y, FiniteCheck& finite) const;

  // A line more, as in Tiling.
  int64_t weights_point_stride() const {
    return (tiling_.input_blocks * 2 * tiling_.loops.lanes + 1) * tiling_.loops.lanes;
  }
  int64_t products_point_stride() const { return (2 * kBlockTiles + 1) * tiling_.loops.lanes; }

  const bool turned_;  // the kernel, for the input gradient
  const Tiling tiling_;
  const int parts_;
  const int64_t bands_at_once_;
};

}  // namespace bilevel::cpu::winograd
