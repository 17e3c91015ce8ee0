// What a fused instruction means, element by element. Like the kernel it rounds to float after every step, so that
// elementwise results must agree exactly.
#pragma once

#include <vector>

#include "program/program.h"
#include "test/support/guarded_buffers.h"

namespace bilevel::test {

// The contents of every buffer that an output names, after the instruction. For sums also the sum of magnitudes, the
// scale of what rounding may change.
struct Expected {
  std::vector<std::vector<double>> buffers, scales;
};

Expected interpret(const GuardedBuffers& buffers, const Fused& fused);

}  // namespace bilevel::test
