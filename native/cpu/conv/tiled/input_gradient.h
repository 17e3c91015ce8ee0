// The input gradient of a convolution by the transpose of products of transformed tiles: tiles of the output's gradient
// are spread over the windows of the input that they came from, where windows overlap. It has as many tiles as the
// convolution itself, which without padding is less than the tiles of the larger input.
#pragma once

#include <cstddef>

#include "cpu/conv/tiled/products.h"

namespace bilevel::cpu::tiled {

class InputGradient {
 public:
  // Of a convolution that has a tiling for `loops`, without empty dimensions, for a team of `threads`.
  InputGradient(const Conv& conv, int threads, const Loops& loops);

  int64_t workspace_bytes() const;

  // False when a result is not finite and may be wrong, as with Correlation.
  bool run(float* x, const float* w, const float* y, std::byte* workspace) const;

 private:
  int64_t image_tiles() const { return tiling_.rows * tiling_.columns; }
  int64_t plane_size() const;
  void spread(const float* products, int64_t panel, int64_t first_image, int64_t images, float* plane, float* x,
              FiniteCheck& check) const;

  const Tiling tiling_;  // of the convolution
  const int parts_;
  const Products products_;
  const int64_t images_at_once_;
};

}  // namespace bilevel::cpu::tiled
