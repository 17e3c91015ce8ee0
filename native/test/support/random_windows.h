// Random poolings and convolutions, without buffers.
#pragma once

#include <cstddef>
#include <cstdint>

#include "program/program.h"
#include "test/support/values.h"

namespace bilevel::test {

// As many windows as the format allows in this dimension: the rounded-up count when `ceil` and its last one holds
// input.
int64_t pooled_size(const Pool& pool, size_t d, bool ceil);
Pool random_pool(Random& random, bool dilated);

int64_t output_size(const Conv& conv, size_t d);
Conv random_conv(Random& random);

}  // namespace bilevel::test
