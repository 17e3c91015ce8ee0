// The gradient of a convolution in its kernel by products of transformed tiles.
#pragma once

#include <cstddef>

#include "cpu/conv/tiled/tiling.h"

namespace bilevel::cpu::tiled {

class FilterGradient {
 public:
  // Of a convolution that has a tiling for `loops`, without empty dimensions, for a team of `threads`.
  FilterGradient(const Conv& conv, int threads, const Loops& loops);

  int64_t workspace_bytes() const;

  // False when a result is not finite and may be wrong, as with Correlation.
  bool run(const float* x, float* w, const float* y, std::byte* workspace) const;

 private:
  // Of sums, [point][panel][input][output of the panel].
  int64_t panel_size() const { return tiling_.input_blocks * tiling_.loops.lanes * 2 * tiling_.loops.lanes; }
  // A line more, as in Tiling.
  int64_t sums_point_stride() const { return tiling_.panels * panel_size() + tiling_.loops.lanes; }
  int64_t sums_size() const { return tiling_.loops.products * sums_point_stride(); }
  void multiply(const float* inputs, const float* gradients, int64_t count, int64_t point, int64_t panel, bool adds,
                float* sums) const;

  const Tiling tiling_;
  const int parts_;
  const int64_t bands_at_once_;
};

}  // namespace bilevel::cpu::tiled
