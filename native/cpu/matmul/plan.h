// How a matrix product is computed and how its threads share it.
#pragma once

#include <cstdint>

#include "cpu/matmul/loops.h"
#include "program/program.h"

namespace bilevel::cpu {

enum class ProductMethod {
  kRows,    // rows of B as they lie
  kPacked,  // rows of B after panels of it have been transposed
  kDots,    // rows of A with rows of a transposed B
  kLibrary  // oneDNN's sgemm
};

enum class ProductSplit { kBatch, kRows, kColumns };

struct ProductPlan {
  ProductMethod method;
  ProductSplit split;
  int parts;  // threads that share the product; the library starts its own when split by rows or columns
};

// For a product with batch, m, n, k >= 1 on a team of `threads`.
ProductPlan plan_product(const Matmul& product, const ProductLoops& loops, int threads);

}  // namespace bilevel::cpu
