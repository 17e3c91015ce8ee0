// Products of a matrix and its own transpose.
#pragma once

#include "cpu/kernel/kernel.h"
#include "cpu/kernel/scratch.h"
#include "cpu/matmul/product_loops.h"
#include "program/program.h"

namespace bilevel::cpu {

// Whether C = A A^T, or A^T A.
bool is_symmetric(const Matmul& product);

// Computes C on and below its diagonal, in panels of columns, and copies what lies below to the other side: the same
// bits as of the whole product for little more than half of its work.
class SymmetricProduct final : public Kernel {
 public:
  // For a batch of 1.
  SymmetricProduct(const Matmul& product, int threads);

  void run(const Memory& memory) override;

 private:
  void compute_panel(int64_t begin, const float* a, float* c, float* factor) const;

  const Matmul product_;
  const ProductLoops& loops_;
  const int64_t panels_;
  const int parts_;
  const int64_t scratch_stride_;
  Scratch scratch_;  // of each part: the transposed rows of a panel
};

}  // namespace bilevel::cpu
