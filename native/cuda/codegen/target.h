// What decides, beside a program, which kernels it gets.
#pragma once

#include "cuda/codegen/tiling.h"

namespace bilevel::cuda {

struct Target {
  TilingRule tiling = {};
};

}  // namespace bilevel::cuda
