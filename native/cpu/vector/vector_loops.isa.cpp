// The loops of vector_loops.h, compiled once per instruction set into the namespace BILEVEL_ISA. Nothing here may call
// an inline function of another header: the linker keeps one copy of those, and it could be one that this processor
// cannot run.
#include "cpu/vector/vector_loops.h"

namespace bilevel::cpu::BILEVEL_ISA {

#include "scalar/math.inc"
#include "scalar/operations.inc"

template <typename Result, typename A, Result (*op)(A)>
void unary(const void* a, const void*, const void*, void* destination, int64_t n, float) {
  const A* x = static_cast<const A*>(a);
  Result* y = static_cast<Result*>(destination);
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) y[i] = op(x[i]);
}

template <typename Result, typename A, Result (*op)(A, A)>
void binary(const void* a, const void* b, const void*, void* destination, int64_t n, float) {
  const A* x = static_cast<const A*>(a);
  const A* y = static_cast<const A*>(b);
  Result* z = static_cast<Result*>(destination);
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) z[i] = op(x[i], y[i]);
}

template <typename T, T (*op)(float, T, T)>
void ternary(const void* a, const void* b, const void* c, void* destination, int64_t n, float) {
  const float* x = static_cast<const float*>(a);
  const T* y = static_cast<const T*>(b);
  const T* z = static_cast<const T*>(c);
  T* result = static_cast<T*>(destination);
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) result[i] = op(x[i], y[i], z[i]);
}

template <float (*first)(float, float), float (*second)(float, float), bool behind>
BILEVEL_INLINE float both(float x, float y, float z) {
  return behind ? second(z, first(x, y)) : second(first(x, y), z);
}

void constant(const void*, const void*, const void*, void* destination, int64_t n, float immediate) {
  float* y = static_cast<float*>(destination);
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) y[i] = immediate;
}

// What a register holds for an element of a buffer, and the reverse.
BILEVEL_INLINE void convert(float& to, float from) { to = from; }
BILEVEL_INLINE void convert(float& to, uint8_t from) { to = from != 0 ? 1.0f : 0.0f; }
BILEVEL_INLINE void convert(int64_t& to, int32_t from) { to = from; }
BILEVEL_INLINE void convert(int64_t& to, int64_t from) { to = from; }
BILEVEL_INLINE void convert(uint8_t& to, float from) { to = from != 0.0f; }
BILEVEL_INLINE void convert(int32_t& to, int64_t from) { to = static_cast<int32_t>(static_cast<uint32_t>(bits(from))); }

template <typename Register, typename Element>
void load(void* reg, const void* buffer, int64_t run_stride, int64_t stride, int64_t runs, int64_t length) {
  Register* to = static_cast<Register*>(reg);
  const Element* from = static_cast<const Element*>(buffer);
  if (run_stride == 1 && stride != 0 && stride != 1) {
    // A transposed tile: along the buffer's rows.
    for (int64_t i = 0; i < length; ++i) {
      for (int64_t run = 0; run < runs; ++run) convert(to[run * length + i], from[i * stride + run]);
    }
    return;
  }
  for (int64_t run = 0; run < runs; ++run, to += length, from += run_stride) {
    if (stride == 0) {
      // Whole vectors: what spills over belongs to the next run, or to the slack behind the register.
      Register value;
      convert(value, *from);
      for (int64_t i = 0; i < length; i += kRegisterSlack) {
#pragma omp simd
        for (int64_t j = 0; j < kRegisterSlack; ++j) to[i + j] = value;
      }
    } else if (stride == 1) {
#pragma omp simd
      for (int64_t i = 0; i < length; ++i) convert(to[i], from[i]);
    } else {
      for (int64_t i = 0; i < length; ++i) convert(to[i], from[i * stride]);
    }
  }
}

template <typename Element, typename Register>
void store(void* buffer, const void* reg, int64_t run_stride, int64_t stride, int64_t runs, int64_t length) {
  Element* to = static_cast<Element*>(buffer);
  const Register* from = static_cast<const Register*>(reg);
  if (run_stride == 1 && stride != 0 && stride != 1) {
    for (int64_t i = 0; i < length; ++i) {
      for (int64_t run = 0; run < runs; ++run) convert(to[i * stride + run], from[run * length + i]);
    }
    return;
  }
  for (int64_t run = 0; run < runs; ++run, to += run_stride, from += length) {
    if (stride == 1) {
#pragma omp simd
      for (int64_t i = 0; i < length; ++i) convert(to[i], from[i]);
    } else {
      for (int64_t i = 0; i < length; ++i) convert(to[i * stride], from[i]);
    }
  }
}

// In doubles: a sum of any length is as exact as its rounding to float. Several totals at once, so that no addition
// waits for the one before it.
BILEVEL_INLINE double sum_of(const float* x, int64_t n) {
#if defined(__AVX512F__)
  constexpr int64_t kWidth = 8;
#elif defined(__AVX__)
  constexpr int64_t kWidth = 4;
#else
  constexpr int64_t kWidth = 2;
#endif
  constexpr int64_t kTotals = 8;
  typedef float Floats __attribute__((vector_size(kWidth * 4), aligned(4), may_alias));
  typedef double Doubles __attribute__((vector_size(kWidth * 8)));
  const auto at = [x](int64_t i) { return __builtin_convertvector(*reinterpret_cast<const Floats*>(x + i), Doubles); };
  Doubles totals[kTotals] = {};
  int64_t i = 0;
  for (; i + kTotals * kWidth <= n; i += kTotals * kWidth) {
    for (int64_t t = 0; t < kTotals; ++t) totals[t] += at(i + t * kWidth);
  }
  for (; i + kWidth <= n; i += kWidth) totals[0] += at(i);
  double total = 0.0;
  for (; i < n; ++i) total += static_cast<double>(x[i]);
  for (int64_t t = 1; t < kTotals; ++t) totals[0] += totals[t];
  for (int64_t j = 0; j < kWidth; ++j) total += totals[0][j];
  return total;
}

BILEVEL_INLINE double max_of(const float* x, int64_t n) {
  float largest = -__builtin_inff();
  int32_t nan = 0;
#pragma omp simd reduction(max : largest) reduction(| : nan)
  for (int64_t i = 0; i < n; ++i) {
    largest = x[i] > largest ? x[i] : largest;
    nan |= x[i] != x[i];
  }
  return nan ? __builtin_nan("") : static_cast<double>(largest);
}

BILEVEL_INLINE double larger(double a, double b) { return b > a || b != b ? b : a; }

// Where a plain loop over a segment beats the set-up of a vector loop.
constexpr int64_t kShort = 24;

void sum_segments(double* totals, const float* x, int64_t segments, int64_t length) {
  for (int64_t s = 0; s < segments; ++s, x += length) {
    if (length > kShort) {
      totals[s] += sum_of(x, length);
    } else {
      double total = 0.0;
      for (int64_t i = 0; i < length; ++i) total += static_cast<double>(x[i]);
      totals[s] += total;
    }
  }
}

void max_segments(double* totals, const float* x, int64_t segments, int64_t length) {
  for (int64_t s = 0; s < segments; ++s, x += length) {
    if (length > kShort) {
      totals[s] = larger(totals[s], max_of(x, length));
    } else {
      float largest = -__builtin_inff();
      for (int64_t i = 0; i < length; ++i) largest = maximum_f(largest, x[i]);
      totals[s] = larger(totals[s], static_cast<double>(largest));
    }
  }
}

void sum_rows(double* totals, const float* x, int64_t n) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) totals[i] += static_cast<double>(x[i]);
}

void max_rows(double* totals, const float* x, int64_t n) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) {
    const double value = static_cast<double>(x[i]);
    totals[i] = value > totals[i] || value != value ? value : totals[i];
  }
}

// As unsigned numbers negative indices are the largest.
template <typename Unsigned, typename Index>
bool inside(const Index* indices, int64_t n, int64_t size) {
  Unsigned largest = 0;
#pragma omp simd reduction(max : largest)
  for (int64_t i = 0; i < n; ++i) {
    const Unsigned index = static_cast<Unsigned>(indices[i]);
    largest = index > largest ? index : largest;
  }
  return n == 0 || largest < static_cast<uint64_t>(size);
}

void gather(void* to, const void* from, const int32_t* indices, int64_t n) {
  float* y = static_cast<float*>(to);
  const float* x = static_cast<const float*>(from);
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) y[i] = x[indices[i]];
}

// Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).
void philox(float* out, uint32_t key0, uint32_t key1, uint64_t first, int64_t n) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) {
    const uint64_t counter = first + static_cast<uint64_t>(i);
    uint32_t c0 = static_cast<uint32_t>(counter), c1 = static_cast<uint32_t>(counter >> 32), c2 = 0, c3 = 0;
    uint32_t k0 = key0, k1 = key1;
    for (int round = 0; round < 10; ++round) {
      const uint64_t product0 = uint64_t{0xD2511F53u} * c0;
      const uint64_t product1 = uint64_t{0xCD9E8D57u} * c2;
      const uint32_t next0 = static_cast<uint32_t>(product1 >> 32) ^ c1 ^ k0;
      const uint32_t next2 = static_cast<uint32_t>(product0 >> 32) ^ c3 ^ k1;
      c0 = next0;
      c1 = static_cast<uint32_t>(product1);
      c2 = next2;
      c3 = static_cast<uint32_t>(product0);
      k0 += 0x9E3779B9u;
      k1 += 0xBB67AE85u;
    }
    constexpr float kScale = 1.0f / 16777216.0f;
    out[4 * i + 0] = static_cast<float>(static_cast<int32_t>(c0 >> 8)) * kScale;
    out[4 * i + 1] = static_cast<float>(static_cast<int32_t>(c1 >> 8)) * kScale;
    out[4 * i + 2] = static_cast<float>(static_cast<int32_t>(c2 >> 8)) * kScale;
    out[4 * i + 3] = static_cast<float>(static_cast<int32_t>(c3 >> 8)) * kScale;
  }
}

// In the order of TapeOp.
#define BILEVEL_JOINED_WITH(first, second) \
  { ternary<F, both<first, second, false>>, ternary<F, both<first, second, true>> }
#define BILEVEL_JOINED(first)                                                                                \
  {                                                                                                          \
    BILEVEL_JOINED_WITH(first, add_f), BILEVEL_JOINED_WITH(first, sub_f), BILEVEL_JOINED_WITH(first, mul_f), \
        BILEVEL_JOINED_WITH(first, div_f)                                                                    \
  }

constexpr VectorLoops make_loops() {
  using Step = VectorLoops::Step;
  using F = float;
  using I = int64_t;
  constexpr Step kCompareF[] = {binary<F, F, equal_f>,      binary<F, F, not_equal_f>, binary<F, F, less_f>,
                                binary<F, F, less_equal_f>, binary<F, F, greater_f>,   binary<F, F, greater_equal_f>};
  constexpr Step kCompareI[] = {binary<F, I, equal_i>,      binary<F, I, not_equal_i>, binary<F, I, less_i>,
                                binary<F, I, less_equal_i>, binary<F, I, greater_i>,   binary<F, I, greater_equal_i>};
  return {
      {constant,
       unary<F, F, neg_f>,
       unary<F, F, exp_f>,
       unary<F, F, log_f>,
       unary<F, F, sqrt_f>,
       unary<F, F, abs_f>,
       unary<F, F, sign_f>,
       unary<F, F, tanh_f>,
       unary<F, F, sigmoid_f>,
       unary<F, F, erf_f>,
       unary<F, F, relu_f>,
       unary<F, F, softplus_f>,
       unary<F, F, sin_f>,
       unary<F, F, cos_f>,
       unary<F, F, floor_f>,
       unary<F, F, ceil_f>,
       unary<F, F, round_f>,
       unary<F, F, not_f>,
       binary<F, F, add_f>,
       binary<F, F, sub_f>,
       binary<F, F, mul_f>,
       binary<F, F, div_f>,
       binary<F, F, pow_f>,
       binary<F, F, maximum_f>,
       binary<F, F, minimum_f>,
       kCompareF[0],
       kCompareF[1],
       kCompareF[2],
       kCompareF[3],
       kCompareF[4],
       kCompareF[5],
       binary<F, F, and_f>,
       binary<F, F, or_f>,
       ternary<F, where_f>,
       unary<F, F, to_float_f>,
       unary<I, F, to_integer_f>,
       unary<F, F, to_bool_f>},
      {nullptr,
       unary<I, I, neg_i>,
       nullptr,
       nullptr,
       nullptr,
       unary<I, I, abs_i>,
       unary<I, I, sign_i>,
       nullptr,
       nullptr,
       nullptr,
       nullptr,
       nullptr,
       nullptr,
       nullptr,
       nullptr,
       nullptr,
       nullptr,
       nullptr,
       binary<I, I, add_i>,
       binary<I, I, sub_i>,
       binary<I, I, mul_i>,
       binary<I, I, div_i>,
       nullptr,
       binary<I, I, maximum_i>,
       binary<I, I, minimum_i>,
       kCompareI[0],
       kCompareI[1],
       kCompareI[2],
       kCompareI[3],
       kCompareI[4],
       kCompareI[5],
       nullptr,
       nullptr,
       ternary<I, where_i>,
       unary<F, I, to_float_i>,
       unary<I, I, to_integer_i>,
       unary<F, I, to_bool_i>},
      {BILEVEL_JOINED(add_f), BILEVEL_JOINED(sub_f), BILEVEL_JOINED(mul_f), BILEVEL_JOINED(div_f)},
      {load<F, F>, load<I, int32_t>, load<I, I>, load<F, uint8_t>},
      {store<F, F>, store<int32_t, I>, store<I, I>, store<uint8_t, F>},
      {sum_segments, sum_rows},
      {max_segments, max_rows},
      {inside<uint32_t, int32_t>, inside<uint64_t, int64_t>, gather},
      philox,
  };
}

extern const VectorLoops kLoops;
constexpr VectorLoops kLoops = make_loops();

}  // namespace bilevel::cpu::BILEVEL_ISA
