// The images that the loops of a convolution read.
#pragma once

#include "cpu/conv/direct/direct_loops.h"
#include "cpu/windows/geometry.h"

namespace bilevel::cpu::direct {

// For vectors of so many lanes.
ShiftedImage shifted_image(const Geometry& geometry, int64_t lanes);

// Elements of a padded plane with room for a vector, and of a shifted image.
inline int64_t padded_size(const ShiftedImage& image, int64_t lanes) { return image.rows * image.columns + lanes; }
inline int64_t shifted_size(const ShiftedImage& image) {
  return image.channels * image.kernel_columns * image.shifted_plane;
}

}  // namespace bilevel::cpu::direct
