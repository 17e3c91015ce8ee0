// Whether emulated kernels compute what the CPU engine does.
#pragma once

#include <span>
#include <string>

#include "test/cpu/workbench.h"
#include "test/cuda/emulated_kernels.h"

namespace bilevel::test {

// Fails the test when a result differs from the CPU's by more than the tolerance (by a bit, where that is 0), when the
// order of threads changes a bit, or when an operand is written. `seed`: of the shuffled order.
void check_agreement(const EmulatedKernels& device, std::span<const cuda::Kernel> kernels, Workbench& bench,
                     const Operation& operation, std::span<const int32_t> results, double tolerance,
                     const std::string& what, uint32_t seed);

}  // namespace bilevel::test
