// Convolutions whose operands are not finite. The fast ways multiply padding by zero, which makes NaN of an infinity.
#pragma once

#include "program/program.h"

namespace bilevel::cpu {

// Whether a convolution without empty dimensions can multiply padding by a number that is not finite. To be asked after
// a filter gradient was computed, which then has NaN, and before anything else.
bool meets_padding_with_infinity(const Conv& conv, const float* w);

// Computes it by its definition, product by product, without the products with padding; slowly.
void convolve_skipping_padding(const Conv& conv, float* x, float* w, float* y, int threads);

}  // namespace bilevel::cpu
