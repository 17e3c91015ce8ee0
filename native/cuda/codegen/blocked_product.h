// The call of a product by tiles, kernels/blocked_product.cuh.
#pragma once

#include <string_view>

#include "cuda/codegen/kernel_text.h"
#include "cuda/codegen/target.h"

namespace bilevel::cuda {

// `text` has the parameters and the sizes of `function`, but for those of every blocked product; `elements` is the size
// of the largest operand or result.
Kernel call_blocked_product(KernelText text, std::string_view function, const ProductShape& product,
                            const Tiling& tiling, Precision precision, int64_t elements);

}  // namespace bilevel::cuda
