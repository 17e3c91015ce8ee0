// The innermost loops of products with sparse matrices, compiled once per instruction set (sparse_loops.isa.cpp) and
// chosen when the process starts.
#pragma once

#include <cstdint>
#include <span>

namespace bilevel::cpu {

struct SparseLoops {
  // The entries of one row, with indices of 0 .. size - 1. An index is read once, so that it is the one that was
  // checked; entries with another one are left out.
  struct Row {
    const int32_t* indices;
    int64_t count, size;
  };

  // Each returns the first entry whose index is out of range, or row.count.
  // y = the sum of values[k] * x[indices[k]], for rows of x of n elements, n >= 1.
  int64_t (*sum)(float* y, int64_t n, Row row, const float* values, const float* x);
  // y[indices[k]] += values[k] * x for the indices of begin .. end - 1.
  int64_t (*spread)(float* y, int64_t n, Row row, const float* values, const float* x, int64_t begin, int64_t end);
  // values[k] += <a, b[indices[k]]>
  int64_t (*dots)(float* values, int64_t n, Row row, const float* a, const float* b);
};

// Those of the instruction sets that this processor has, best first.
std::span<const SparseLoops* const> supported_sparse_loops();

inline const SparseLoops& sparse_loops() { return *supported_sparse_loops().front(); }

}  // namespace bilevel::cpu
