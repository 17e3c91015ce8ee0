// How a matrix product is computed and how its threads share it.
#pragma once

#include <cstdint>

#include "cpu/kernel/settings.h"
#include "cpu/matmul/product_loops.h"
#include "program/program.h"

namespace bilevel::cpu {

enum class ProductMethod {
  kRows,     // ProductLoops::rows; panels of a transposed B are transposed first
  kDots,     // ProductLoops::dots; a B that is not transposed is transposed first
  kLibrary,  // oneDNN's sgemm
  kRounded   // oneDNN's product of bfloat16 numbers
};

enum class ProductSplit { kBatch, kRows, kColumns };

struct ProductPlan {
  ProductMethod method;
  bool flipped;        // C^T is computed, and transposed
  ProductSplit split;  // of the product as it is computed
  int parts;           // threads that share it; the library starts its own when split by rows or columns

  // Columns come to a part in runs of so many.
  int64_t column_grain(const ProductLoops& loops) const {
    return method == ProductMethod::kDots ? kDotsColumns : loops.lanes;
  }
};

// The product that computes the transposed C.
Matmul flipped(const Matmul& product);

// For a product with batch, m, n, k >= 1.
ProductPlan plan_product(const Matmul& product, const ProductLoops& loops, Settings settings);

}  // namespace bilevel::cpu
