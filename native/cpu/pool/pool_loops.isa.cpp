// The loops of pool_loops.h, compiled once per instruction set into the namespace BILEVEL_ISA. Nothing here may call an
// inline function of another header: the linker keeps one copy of those, and it could be one that this processor cannot
// run.
#include "cpu/pool/pool_loops.h"

#include <utility>

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

namespace bilevel::cpu::BILEVEL_ISA {
namespace {

#include "cpu/kernel/vectors.inc"

using Row = PoolLoops::Row;
using Rows = PoolLoops::Rows;
using Windows = PoolLoops::Windows;
using Floats = Vector<>;
using Integers = VectorOf<kLanes>::Bits;
typedef uint32_t Positions __attribute__((vector_size(4 * kLanes)));

BILEVEL_INLINE Integers lane_numbers() {
  Integers numbers{};
  for (int32_t j = 0; j < kLanes; ++j) numbers[j] = j;
  return numbers;
}

template <typename Vector>
BILEVEL_INLINE Vector read(const void* from) {
  Vector vector;
  __builtin_memcpy(&vector, from, sizeof(Vector));
  return vector;
}

#if defined(__AVX512F__)
BILEVEL_INLINE __mmask16 first_lanes(int64_t count) {
  return static_cast<__mmask16>(count >= 16 ? 0xffff : count <= 0 ? 0 : (1 << count) - 1);
}
#endif

// The first `count` lanes, or all.
template <typename Vector>
BILEVEL_INLINE void write(void* to, Vector vector, int64_t count) {
  if (count >= kLanes) {
    __builtin_memcpy(to, &vector, sizeof(vector));
    return;
  }
#if defined(__AVX512F__)
  _mm512_mask_storeu_epi32(to, first_lanes(count), __builtin_bit_cast(__m512i, vector));
#else
  __builtin_memcpy(to, &vector, static_cast<size_t>(count) * 4);
#endif
}

// Calls body with the stride as a constant where that makes better vector code.
template <typename Body>
BILEVEL_INLINE void with_stride(int64_t stride, Body body) {
  struct One {
    BILEVEL_INLINE constexpr operator int64_t() const { return 1; }
  };
  struct Two {
    BILEVEL_INLINE constexpr operator int64_t() const { return 2; }
  };
  if (stride == 1) {
    body(One{});
  } else if (stride == 2) {
    body(Two{});
  } else {
    body(stride);
  }
}

// Every second lane of two vectors, from `first` on.
template <int N, int... Lane>
BILEVEL_INLINE Vector<N> every_second(Vector<N> a, Vector<N> b, int first, std::integer_sequence<int, Lane...>) {
  return first == 0 ? __builtin_shufflevector(a, b, (2 * Lane)...) : __builtin_shufflevector(a, b, (2 * Lane + 1)...);
}

// Pairs of cells, N at a time and what is left with half as many lanes.
template <int N>
BILEVEL_INLINE void split_few_pairs(float* even, float* odd, const float* x, int64_t n, float factor) {
  constexpr auto kNumbers = std::make_integer_sequence<int, N>();
  int64_t i = 0;
  for (; i + N <= n / 2; i += N) {
    const Vector<N> low = factor * load<N>(x + 2 * i), high = factor * load<N>(x + 2 * i + N);
    store<N>(even + i, every_second<N>(low, high, 0, kNumbers));
    store<N>(odd + i, every_second<N>(low, high, 1, kNumbers));
  }
  if constexpr (N > 4) {
    split_few_pairs<N / 2>(even + i, odd + i, x + 2 * i, n - 2 * i, factor);
  } else {
    for (; i < n / 2; ++i) {
      even[i] = factor * x[2 * i];
      odd[i] = factor * x[2 * i + 1];
    }
    if (n % 2 == 1) even[i] = factor * x[2 * i];
  }
}

BILEVEL_INLINE void split_pairs(float* even, float* odd, const float* x, int64_t n, float factor) {
#if defined(__AVX512F__)
  // As measured, masks are faster than shorter vectors for rows of more than one vector, and slower for those of less.
  if (n > kLanes) {
    const __m512i evens = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const __m512i odds = _mm512_add_epi32(evens, _mm512_set1_epi32(1));
    const __m512 factors = _mm512_set1_ps(factor);
    for (; n > 0; n -= 32, x += 32, even += 16, odd += 16) {
      const __m512 low = _mm512_mul_ps(factors, _mm512_maskz_loadu_ps(first_lanes(n), x)),
                   high = _mm512_mul_ps(factors, _mm512_maskz_loadu_ps(first_lanes(n - 16), x + 16));
      _mm512_mask_storeu_ps(even, first_lanes((n + 1) / 2), _mm512_permutex2var_ps(low, evens, high));
      _mm512_mask_storeu_ps(odd, first_lanes(n / 2), _mm512_permutex2var_ps(low, odds, high));
    }
    return;
  }
#endif
  split_few_pairs<kLanes>(even, odd, x, n, factor);
}

void split(float* scratch, const float* x, const Rows& rows, float factor) {
  const int64_t* starts = rows.starts;
  const int64_t n = rows.length, stride = rows.stride;
  for (const Row* row = rows.rows; row != rows.rows + rows.count; ++row) {
    const float* from = x + (rows.origin + row->x);
    float* to = scratch + row->scratch;
    if (stride == 2) {
      split_pairs(to + starts[0], to + starts[1], from, n, factor);
      continue;
    }
    for (int64_t p = 0; p < stride; ++p) {
      float* phase = to + starts[p];
#pragma omp simd
      for (int64_t i = 0; i < (n - p + stride - 1) / stride; ++i) phase[i] = factor * from[i * stride + p];
    }
  }
}

bool max(int32_t* index, float* y, const float* cells, const Windows& windows) {
  const auto [taps, tap_count, corners, origin, count] = windows;
  Integers none{};
  for (int64_t i = 0; i < count; i += kLanes) {
    Floats best = Floats{} - __builtin_inff();
    Integers at = Integers{} - 1;
    const Positions corner = read<Positions>(corners + i);
    for (int64_t t = 0; t < tap_count; ++t) {
      const Floats value = read<Floats>(cells + taps[t].from + i);
      const Integers wins = ~(value <= best) & (best == best);
      best = wins ? value : best;
      at = wins ? Integers(corner + (origin + taps[t].position)) : at;
    }
    const int64_t left = count - i;
    if (left < kLanes) at = lane_numbers() < static_cast<int32_t>(left) ? at : Integers{};
    none |= at;
    write(index + i, at, left);
    write(y + i, best, left);
  }
  int32_t any = 0;
  for (int64_t j = 0; j < kLanes; ++j) any |= none[j];
  return any >= 0;
}

void sum(float* total, const float* x, int64_t stride, int64_t n) {
  with_stride(stride, [=](auto step) {
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) total[i] += x[i * step];
  });
}

void spread(float* x, const float* share, int64_t stride, int64_t n) {
  with_stride(stride, [=](auto step) {
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) x[i * step] += share[i];
  });
}

}  // namespace

extern const PoolLoops kPoolLoops;
constexpr PoolLoops kPoolLoops = {split, max, sum, spread};

}  // namespace bilevel::cpu::BILEVEL_ISA
