// The innermost loops of the fused kernel, compiled once per instruction set (vector_loops.isa.cpp) and chosen when the
// process starts. Registers are arrays of float or int64_t in scratch memory, or straight in a buffer.
#pragma once

#include <cstdint>
#include <span>

namespace bilevel::cpu {

inline constexpr int kTapeOps = 37;
inline constexpr int kArithmetic = 4;  // add, sub, mul and div, one behind the other
// Loads may write this many elements beyond the end of a register.
inline constexpr int64_t kRegisterSlack = 16;

struct VectorLoops {
  // destination[i] = op(a[i], b[i], c[i]); the destination may be one of the operands. Null where the format has no
  // such op.
  using Step = void (*)(const void* a, const void* b, const void* c, void* destination, int64_t n, float immediate);
  Step float_steps[kTapeOps];    // the class of a (of b and c for where) is float
  Step integer_steps[kTapeOps];  // ... is int64
  // Two of add, sub, mul and div in one loop, each rounded: joined[first][second][0] is (a first b) second c, and [1]
  // is c second (a first b).
  Step joined[kArithmetic][kArithmetic][2];

  // Between a register and `runs` runs of `length` elements of a buffer, indexed by DType. Strides are in elements.
  using Load = void (*)(void* reg, const void* buffer, int64_t run_stride, int64_t stride, int64_t runs,
                        int64_t length);
  using Store = void (*)(void* buffer, const void* reg, int64_t run_stride, int64_t stride, int64_t runs,
                         int64_t length);
  Load load[4];
  Store store[4];

  // totals[s] is combined with the reduction of x[s * length .. (s + 1) * length).
  using Segments = void (*)(double* totals, const float* x, int64_t segments, int64_t length);
  // totals[i] is combined with x[i].
  using Rows = void (*)(double* totals, const float* x, int64_t n);
  struct Reduction {
    Segments segments;
    Rows rows;
  };
  Reduction sum, max;

  struct Indexing {
    // Whether all indices are in 0 .. size - 1.
    bool (*inside32)(const int32_t* indices, int64_t n, int64_t size);
    bool (*inside64)(const int64_t* indices, int64_t n, int64_t size);
    // y[i] = x[indices[i]] for elements of four bytes.
    void (*gather)(void* y, const void* x, const int32_t* indices, int64_t n);
  };
  Indexing indexing;

  // Words 4 * first .. 4 * (first + n) of the Philox4x32-10 stream of a key, as floats in [0, 1).
  void (*philox)(float* out, uint32_t key0, uint32_t key1, uint64_t first, int64_t n);
};

// Those of the instruction sets that this processor has, best first.
std::span<const VectorLoops* const> supported_vector_loops();

inline const VectorLoops& vector_loops() { return *supported_vector_loops().front(); }

}  // namespace bilevel::cpu
