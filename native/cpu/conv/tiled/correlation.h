// A convolution, or its input gradient as the convolution with the kernel turned round, by products of transformed
// tiles.
#pragma once

#include <cstddef>

#include "cpu/conv/tiled/products.h"

namespace bilevel::cpu::tiled {

class Correlation {
 public:
  // Of a convolution that has a tiling for `loops`, without empty dimensions, for a team of `threads`.
  Correlation(const Conv& conv, int threads, const Loops& loops);

  int64_t workspace_bytes() const;

  // False when a result is not finite. It may be wrong then: where an infinity meets others in a transform it becomes
  // NaN, in cells that it should not reach.
  bool run(const float* x, const float* w, float* y, std::byte* workspace) const;

 private:
  void transform_outputs(const float* products, int64_t first_tile, int64_t count, int64_t panel, float* y,
                         FiniteCheck& check) const;

  const Tiling tiling_;
  const int parts_;
  const Products products_;
  const int64_t bands_at_once_;
};

}  // namespace bilevel::cpu::tiled
