// Everything that touches oneDNN: matrix products and convolutions over plain row-major tensors. The source compiles
// against oneDNN 2.6 and 3.x; the differences are in onednn.cpp alone.
#pragma once

#include <array>
#include <memory>

#include "cpu/settings.h"
#include "program/program.h"

namespace bilevel::cpu::onednn {

// C = op(A) op(B), dense row-major; m, n and k are at least 1. False when the library refuses. Runs on the calling
// thread alone inside a parallel region, else on the library's team.
bool gemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, const float* a, const float* b,
          float* c);

// A convolution or one of its gradients without empty dimensions, with its scratch memory and, where another layout is
// faster, the reorders from and to the plain tensors.
class Convolution {
 public:
  // Throws Error NATIVE_FAILURE.
  Convolution(const Conv& conv, Settings settings);
  ~Convolution();
  void run(float* x, float* w, float* y);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bilevel::cpu::onednn
