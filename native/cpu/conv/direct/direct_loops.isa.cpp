// The loops of direct_loops.h, compiled once per instruction set into the namespace BILEVEL_ISA. Nothing here may call
// an inline function of another header: the linker keeps one copy of those, and it could be one that this processor
// cannot run.
#include "cpu/conv/direct/direct_loops.h"

namespace bilevel::cpu::direct::BILEVEL_ISA {
namespace {

#include "cpu/kernel/vectors.inc"

using Mask = VectorOf<kLanes>::Bits;

// Subtracting zero keeps every value, the sign of a zero included.
BILEVEL_INLINE Vector<> splat(float value) { return value - Vector<>{}; }

#if defined(__FMA__) || defined(__aarch64__)
constexpr int kProducts = 0;
#else
constexpr int kProducts = 1;  // registers for a product before it is added
#endif

// An A x B block of sums, one operand of each product, and a vector of the other operand at a time.
constexpr bool fits(int a, int b) { return a * b + (a < b ? a : b) + 1 + kProducts <= kRegisters; }

// Copies n elements in vectors of N, of which the last may overlap the one before it; less than a vector in halves.
template <int N>
BILEVEL_INLINE void copy(float* to, const float* from, int64_t n) {
  using Part = typename VectorOf<N>::Anywhere;
  if (n >= N) {
    for (int64_t i = 0; i + N < n; i += N) {
      *reinterpret_cast<Part*>(to + i) = *reinterpret_cast<const Part*>(from + i);
    }
    *reinterpret_cast<Part*>(to + n - N) = *reinterpret_cast<const Part*>(from + n - N);
  } else if constexpr (N > 1) {
    copy<N / 2>(to, from, n);
  }
}

void shift(const ShiftedImage& image, const float* x, float* padded, float* shifted) {
  // Whole vectors: what spills over belongs to the next rows, or to the room behind the plane.
  const int64_t spilt = (kLanes - 1 + image.output_columns - 1) / image.output_columns;
  const int64_t end = image.row + image.height + spilt < image.rows ? image.row + image.height + spilt : image.rows;
  for (int64_t channel = 0; channel < image.channels; ++channel, x += image.plane) {
    const float* from = x + image.from;
    float* to = padded + image.row * image.columns + image.column;
    if (image.width == image.columns && image.width == image.pitch) {
      copy<kLanes>(to, from, image.height * image.width);
    } else {
      for (int64_t row = 0; row < image.height; ++row, from += image.pitch, to += image.columns) {
        copy<kLanes>(to, from, image.width);
      }
    }
    for (int64_t k = 0; k < image.kernel_columns; ++k, shifted += image.shifted_plane) {
      const float* row = padded + image.row * image.columns + k * image.dilation;
      float* shifted_row = shifted + image.row * image.output_columns;
      for (int64_t r = image.row; r < end; ++r, row += image.columns, shifted_row += image.output_columns) {
        int64_t i = 0;
        do {
          store(shifted_row + i, load(row + i));
          i += kLanes;
        } while (i < image.output_columns);
      }
    }
  }
}

template <int O, int P>
void correlate(const KernelRows& kernel, const float* x, const float* weights, float* y, int64_t y_stride,
               int64_t last) {
  constexpr auto at = [](int p, int64_t last_cell) { return p < P - 1 ? p * kLanes : last_cell; };
  const int64_t rows = kernel.end - kernel.begin, row_stride = kernel.row_stride;
  x += kernel.begin * row_stride;
  weights += kernel.begin * O;
  Vector<> sum[O][P] = {};
  for (int64_t pair = 0; pair < kernel.pairs; ++pair, x += kernel.pair_stride, weights += kernel.rows * O) {
    const float* cells = x;
    const float* weight = weights;
    for (int64_t row = 0; row < rows; ++row, cells += row_stride, weight += O) {
      if constexpr (P <= O) {
        Vector<> in[P];
        BILEVEL_UNROLL for (int p = 0; p < P; ++p) in[p] = held(load(cells + at(p, last)));
        BILEVEL_UNROLL for (int o = 0; o < O; ++o) {
          const Vector<> factor = splat(weight[o]);
          BILEVEL_UNROLL for (int p = 0; p < P; ++p) sum[o][p] += factor * in[p];
        }
      } else {
        Vector<> factor[O];
        BILEVEL_UNROLL for (int o = 0; o < O; ++o) factor[o] = splat(weight[o]);
        BILEVEL_UNROLL for (int p = 0; p < P; ++p) {
          const Vector<> in = held(load(cells + at(p, last)));
          BILEVEL_UNROLL for (int o = 0; o < O; ++o) sum[o][p] += factor[o] * in;
        }
      }
    }
  }
  BILEVEL_UNROLL for (int o = 0; o < O; ++o) {
    BILEVEL_UNROLL for (int p = 0; p < P; ++p) store(y + o * y_stride + at(p, last), sum[o][p]);
  }
}

// `kept(v)` is the vector v itself, or with the lanes zeroed that are not to count.
template <int O, int T, typename Kept>
BILEVEL_INLINE void add_products(Vector<> (&sum)[O][T], const float* const (&x)[T], const float* y, int64_t y_plane,
                                 int64_t i, Kept kept) {
  if constexpr (O <= T) {
    Vector<> in[O];
    BILEVEL_UNROLL for (int o = 0; o < O; ++o) in[o] = kept(held(load(y + o * y_plane + i)));
    BILEVEL_UNROLL for (int t = 0; t < T; ++t) {
      const Vector<> factor = kept(held(load(x[t] + i)));
      BILEVEL_UNROLL for (int o = 0; o < O; ++o) sum[o][t] += in[o] * factor;
    }
  } else {
    Vector<> in[T];
    BILEVEL_UNROLL for (int t = 0; t < T; ++t) in[t] = kept(held(load(x[t] + i)));
    BILEVEL_UNROLL for (int o = 0; o < O; ++o) {
      const Vector<> factor = kept(held(load(y + o * y_plane + i)));
      BILEVEL_UNROLL for (int t = 0; t < T; ++t) sum[o][t] += in[t] * factor;
    }
  }
}

template <int O, int T>
void accumulate(const Cells& cells, const float* x, const int64_t* taps, const float* y, int64_t y_plane, float* sums) {
  Vector<>* totals = reinterpret_cast<Vector<>*>(sums);
  Vector<> sum[O][T];
  BILEVEL_UNROLL for (int o = 0; o < O; ++o) {
    BILEVEL_UNROLL for (int t = 0; t < T; ++t) sum[o][t] = totals[o * T + t];
  }
  const float* tap[T];
  BILEVEL_UNROLL for (int t = 0; t < T; ++t) tap[t] = x + taps[t];
  for (int64_t sample = 0; sample < cells.samples; ++sample) {
    int64_t i = cells.begin;
    for (; i + kLanes <= cells.end; i += kLanes) add_products(sum, tap, y, y_plane, i, [](Vector<> v) { return v; });
    if (i < cells.end) {
      // The last vector begins earlier, where cells have been counted: zero them in both, for 0 * infinity is NaN.
      const int32_t counted = static_cast<int32_t>(kLanes - (cells.end - i));
      Mask lane;
      BILEVEL_UNROLL for (int l = 0; l < kLanes; ++l) lane[l] = l;
      const Mask keep = lane >= counted;
      add_products(sum, tap, y, y_plane, cells.end - kLanes,
                   [&](Vector<> v) { return reinterpret_cast<Vector<>>(reinterpret_cast<Mask>(v) & keep); });
    }
    BILEVEL_UNROLL for (int t = 0; t < T; ++t) tap[t] += cells.x_stride;
    y += cells.y_stride;
  }
  BILEVEL_UNROLL for (int o = 0; o < O; ++o) {
    BILEVEL_UNROLL for (int t = 0; t < T; ++t) totals[o * T + t] = sum[o][t];
  }
}

void add_lanes(const float* sums, float* totals, int64_t n) {
  for (int64_t i = 0; i < n; ++i, sums += kLanes) {
    float total = 0.0f;
#pragma omp simd reduction(+ : total)
    for (int l = 0; l < kLanes; ++l) total += sums[l];
    totals[i] = total;
  }
}

template <int A, int B>
constexpr void fill_block(Loops& loops) {
  if constexpr (fits(A, B)) {
    loops.correlate[A - 1][B - 1] = correlate<A, B>;
    loops.accumulate[A - 1][B - 1] = accumulate<A, B>;
  }
  if constexpr (B < kMaxBlockVectors) {
    fill_block<A, B + 1>(loops);
  } else if constexpr (A < kMaxBlockChannels) {
    fill_block<A + 1, 1>(loops);
  }
}

constexpr Loops make_loops() {
  Loops loops{kLanes, shift, {}, {}, add_lanes};
  fill_block<1, 1>(loops);
  return loops;
}

}  // namespace

extern const Loops kLoops;
constexpr Loops kLoops = make_loops();

}  // namespace bilevel::cpu::direct::BILEVEL_ISA
