// The innermost loops of the fused kernel, compiled once per instruction set (loops.isa.cpp) and chosen when the
// process starts. Registers are arrays of float or int64_t in scratch memory, or straight in a buffer.
#pragma once

#include <cstdint>
#include <span>

namespace bilevel::cpu {

inline constexpr int kTapeOps = 37;
// Loads may write this many elements beyond the end of a register.
inline constexpr int64_t kRegisterSlack = 16;

struct VectorLoops {
  // destination[i] = op(a[i], b[i], c[i]); the destination may be one of the operands. Null where the format has no
  // such op.
  using Step = void (*)(const void* a, const void* b, const void* c, void* destination, int64_t n, float immediate);
  Step float_steps[kTapeOps];    // the class of a (of b and c for where) is float
  Step integer_steps[kTapeOps];  // ... is int64
  Step multiply_add;             // a * b + c of floats, rounded twice

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

  // One tap of pooling windows: window i meets cell x[from + i], whose position is `position` beyond the window's
  // corner.
  struct Tap {
    int64_t from;
    uint32_t position;
  };
  struct Pooling {
    // to[starts[p] + i] = x[i * stride + p] for all of the n cells of x.
    void (*split)(float* to, const int64_t* starts, const float* x, int64_t stride, int64_t n);
    // index[i] = origin + corners[i] + the position of the first tap that meets the largest cell of window i (NaN
    // wins), or -1 when all of its cells are -infinity; positions wrap like unsigned arithmetic. Returns whether there
    // was no such window. Reads up to kRegisterSlack elements behind the last cells and corners.
    bool (*max)(int32_t* index, const float* x, const Tap* taps, int64_t tap_count, const uint32_t* corners,
                uint32_t origin, int64_t n);
    // Windows of one output row and one tap, where output i meets x[i * stride]:
    // total[i] += x[i * stride]
    void (*sum)(float* total, const float* x, int64_t stride, int64_t n);
    // x[i * stride] += share[i]
    void (*spread)(float* x, const float* share, int64_t stride, int64_t n);
  };
  Pooling pooling;

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
