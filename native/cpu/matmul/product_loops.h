// The innermost loops of small matrix products, compiled once per instruction set (product_loops.isa.cpp) and chosen
// when the process starts.
#pragma once

#include <cstdint>
#include <span>

namespace bilevel::cpu {

struct ProductLoops {
  int64_t lanes;  // of the widest vector
  int64_t panel;  // columns of C that `rows` holds in registers at a time

  // C = A B for m, n >= 1. Element (i, l) of A is a[i * a_row + l * a_step]; rows of B and C are contiguous.
  void (*rows)(int64_t m, int64_t n, int64_t k, const float* a, int64_t a_row, int64_t a_step, const float* b,
               int64_t b_row, float* c, int64_t c_row);

  // C = A B^T for m, n >= 1 and k >= kDotsDepth. Rows of A, B and C are contiguous.
  void (*dots)(int64_t m, int64_t n, int64_t k, const float* a, int64_t a_row, const float* b, int64_t b_row, float* c,
               int64_t c_row);

  // y = x^T for x of [rows, columns].
  void (*transpose)(int64_t rows, int64_t columns, const float* x, int64_t x_row, float* y, int64_t y_row);
};

inline constexpr int64_t kDotsDepth = 4;
inline constexpr int kDotsColumns = 4;  // of C that `dots` computes together

// Those of the instruction sets that this processor has, best first.
std::span<const ProductLoops* const> supported_product_loops();

inline const ProductLoops& product_loops() { return *supported_product_loops().front(); }

}  // namespace bilevel::cpu
