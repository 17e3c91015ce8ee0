// Everything that touches oneDNN: matrix products and convolutions over plain row-major tensors. The source compiles
// against oneDNN 2.6 and 3.x; the differences are in onednn.cpp alone.
#pragma once

#include <array>
#include <cstddef>
#include <memory>

#include "cpu/kernel/settings.h"
#include "program/program.h"

namespace bilevel::cpu::onednn {

// C = op(A) op(B), row-major, on a team of `threads`; m, n and k are at least 1. B and C are dense; the rows of A as it
// lies in memory begin `row_of_a` elements apart. False when the library refuses.
bool gemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, const float* a, int64_t row_of_a,
          const float* b, float* c, int threads);

// A primitive over three plain tensors and, where it works in another layout or precision, the reorders from and to
// them. Its constructor and run() throw Error NATIVE_FAILURE.
class Operation {
 public:
  ~Operation();
  int64_t workspace_bytes() const;
  void run(float* x, float* w, float* y, std::byte* workspace);

 protected:
  explicit Operation(int threads);
  struct State;
  std::unique_ptr<State> state_;
};

// A convolution or one of its gradients without empty dimensions.
class Convolution : public Operation {
 public:
  Convolution(const Conv& conv, Settings settings);
};

// y = op(x) op(w) as in gemm, of factors that are rounded to bfloat16; sums are float32. For processors of which
// supports_bfloat16() is true.
class RoundedProduct : public Operation {
 public:
  RoundedProduct(bool transpose_x, bool transpose_w, int64_t m, int64_t n, int64_t k, int64_t row_of_x, int threads);
};

}  // namespace bilevel::cpu::onednn
