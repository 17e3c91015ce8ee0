// The kernels that carry out an operation.
#pragma once

#include <vector>

#include "cuda/codegen/kernel.h"
#include "cuda/codegen/target.h"
#include "program/program.h"

namespace bilevel::cuda {

// One behind the other; none where there is nothing to compute.
std::vector<Kernel> generate(const Program& program, const Operation& operation, const Target& target = {});

}  // namespace bilevel::cuda
