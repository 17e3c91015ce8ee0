// Winograd's minimal filtering (Lavin and Gray 2016, "Fast Algorithms for Convolutional Neural Networks") as loops of
// tile_loops.h, compiled once per instruction set into the namespace BILEVEL_ISA. Nothing here may call an inline
// function of another header: the linker keeps one copy of those, and it could be one that this processor cannot run.
//
// An output tile of n cells a side, of a kernel of r cells a side with n + r = 7, is the product of two polynomials of
// which six values determine the result, so n r becomes 6 products an axis:
//   output = A' [(G kernel G') * (B' input B)] A,   input of 6 x 6, output of n x n.
// The same three transforms with the roles of kernel and output exchanged give the gradient in the kernel.
#include <utility>

#include "cpu/conv/tiled/tile_loops.h"

namespace bilevel::cpu::tiled::BILEVEL_ISA {
namespace {

// clang-format off
#include "cpu/kernel/vectors.inc"
#include "cpu/conv/tiled/cells.inc"
// clang-format on

constexpr int kPoints = 6, kProducts = kPoints * kPoints, kMinSide = 2, kMaxSide = 5;

// Points 0, a, -a, b, -b and infinity. With 5/8 and 3/2 the result is off by about twice what a direct sum is off, with
// the usual 1 and 2 by four times as much (normal data, 64 channels, kernels of 2 to 5).
constexpr float kA = 0.625f, kB = 1.5f;
constexpr float kA2 = kA * kA, kA3 = kA2 * kA, kA4 = kA2 * kA2, kB2 = kB * kB, kB3 = kB2 * kB, kB4 = kB2 * kB2;

// B' x, in place.
BILEVEL_INLINE void evaluate_input(Vector<> (&x)[kPoints]) {
  const Vector<> a_even = x[4] - kB2 * x[2], a_odd = kA * (x[3] - kB2 * x[1]);
  const Vector<> b_even = x[4] - kA2 * x[2], b_odd = kB * (x[3] - kA2 * x[1]);
  x[0] = (x[4] - (kA2 + kB2) * x[2]) + (kA2 * kB2) * x[0];
  x[5] = (x[5] - (kA2 + kB2) * x[3]) + (kA2 * kB2) * x[1];
  x[1] = a_even + a_odd;
  x[2] = a_even - a_odd;
  x[3] = b_even + b_odd;
  x[4] = b_even - b_odd;
}

// G x: values of the polynomial with N coefficients x at the points, each divided by what belongs to its point.
template <int N>
BILEVEL_INLINE void evaluate(const Vector<> (&x)[N], Vector<> (&values)[kPoints]) {
  constexpr float kOfZero = 1 / (kA2 * kB2), kOfA = 1 / (2 * kA2 * (kA2 - kB2)), kOfB = 1 / (2 * kB2 * (kB2 - kA2));
  Vector<> a_even = kOfA * x[0], b_even = kOfB * x[0], a_odd = (kOfA * kA) * x[1], b_odd = (kOfB * kB) * x[1];
  if constexpr (N > 2) {
    a_even += (kOfA * kA2) * x[2];
    b_even += (kOfB * kB2) * x[2];
  }
  if constexpr (N > 3) {
    a_odd += (kOfA * kA3) * x[3];
    b_odd += (kOfB * kB3) * x[3];
  }
  if constexpr (N > 4) {
    a_even += (kOfA * kA4) * x[4];
    b_even += (kOfB * kB4) * x[4];
  }
  values[0] = kOfZero * x[0];
  values[1] = a_even + a_odd;
  values[2] = a_even - a_odd;
  values[3] = b_even + b_odd;
  values[4] = b_even - b_odd;
  values[5] = x[N - 1];
}

// A' m: N coefficients from the values at the points.
template <int N>
BILEVEL_INLINE void interpolate(const Vector<> (&m)[kPoints], Vector<> (&x)[N]) {
  const Vector<> a_even = m[1] + m[2], a_odd = m[1] - m[2], b_even = m[3] + m[4], b_odd = m[3] - m[4];
  x[0] = m[0] + a_even + b_even;
  x[1] = kA * a_odd + kB * b_odd;
  if constexpr (N > 2) x[2] = kA2 * a_even + kB2 * b_even;
  if constexpr (N > 3) x[3] = kA3 * a_odd + kB3 * b_odd;
  if constexpr (N > 4) x[4] = kA4 * a_even + kB4 * b_even;
  x[N - 1] += m[5];
}

// The transpose of evaluate_input, of values that evaluate() has divided twice by what belongs to their points.
BILEVEL_INLINE void spread_points(const Vector<> (&m)[kPoints], Vector<> (&x)[kPoints]) {
  constexpr float kZero = kA2 * kB2, kOfA = 2 * kA2 * (kA2 - kB2), kOfB = 2 * kB2 * (kB2 - kA2);
  const Vector<> zero = kZero * m[0];
  const Vector<> a_even = kOfA * (m[1] + m[2]), a_odd = (kOfA * kA) * (m[1] - m[2]);
  const Vector<> b_even = kOfB * (m[3] + m[4]), b_odd = (kOfB * kB) * (m[3] - m[4]);
  x[0] = kZero * zero;
  x[1] = kZero * m[5] - (kB2 * a_odd + kA2 * b_odd);
  x[2] = -((kA2 + kB2) * zero + (kB2 * a_even + kA2 * b_even));
  x[3] = (a_odd + b_odd) - (kA2 + kB2) * m[5];
  x[4] = zero + (a_even + b_even);
  x[5] = m[5];
}

void transform_input(const float* band, int64_t columns, int64_t step, int64_t first, int64_t count, const Tiles& to) {
  each_tile(band, step, first, count, to, [&](const float* window, float* values) {
    Vector<> x[kPoints][kPoints];  // [column][row]
    BILEVEL_UNROLL for (int c = 0; c < kPoints; ++c) {
      BILEVEL_UNROLL for (int r = 0; r < kPoints; ++r) x[c][r] = load(window + (r * columns + c) * kLanes);
      evaluate_input(x[c]);
    }
    BILEVEL_UNROLL for (int r = 0; r < kPoints; ++r) {
      Vector<> row[kPoints];
      BILEVEL_UNROLL for (int c = 0; c < kPoints; ++c) row[c] = x[c][r];
      evaluate_input(row);
      BILEVEL_UNROLL for (int c = 0; c < kPoints; ++c) store(values + (r * kPoints + c) * to.point_stride, row[c]);
    }
  });
}

// G x G' of N x N cells; x[column][row].
template <int N>
BILEVEL_INLINE void evaluate_square(const Vector<> (&x)[N][N], float* values, int64_t point_stride) {
  Vector<> half[N][kPoints];
  BILEVEL_UNROLL for (int c = 0; c < N; ++c) evaluate(x[c], half[c]);
  BILEVEL_UNROLL for (int r = 0; r < kPoints; ++r) {
    Vector<> row[N], whole[kPoints];
    BILEVEL_UNROLL for (int c = 0; c < N; ++c) row[c] = half[c][r];
    evaluate(row, whole);
    BILEVEL_UNROLL for (int c = 0; c < kPoints; ++c) store(values + (r * kPoints + c) * point_stride, whole[c]);
  }
}

// A' m A; x[row][column].
template <int N>
BILEVEL_INLINE void interpolate_square(const float* m, int64_t point_stride, Vector<> (&x)[N][N]) {
  Vector<> half[kPoints][N];
  BILEVEL_UNROLL for (int c = 0; c < kPoints; ++c) {
    Vector<> column[kPoints];
    BILEVEL_UNROLL for (int r = 0; r < kPoints; ++r) column[r] = load(m + (r * kPoints + c) * point_stride);
    interpolate(column, half[c]);
  }
  BILEVEL_UNROLL for (int r = 0; r < N; ++r) {
    Vector<> row[kPoints];
    BILEVEL_UNROLL for (int c = 0; c < kPoints; ++c) row[c] = half[c][r];
    interpolate(row, x[r]);
  }
}

template <int N>
void transform_output_gradient(const float* band, int64_t columns, int64_t first, int64_t count, const Tiles& to) {
  each_tile(band, N, first, count, to, [&](const float* window, float* values) {
    Vector<> x[N][N];
    BILEVEL_UNROLL for (int c = 0; c < N; ++c) {
      BILEVEL_UNROLL for (int r = 0; r < N; ++r) x[c][r] = load(window + (r * columns + c) * kLanes);
    }
    evaluate_square(x, values, to.point_stride);
  });
}

template <int N>
void transform_weights(const Weights& weights, const float* w, float* u, int64_t point_stride) {
  each_kernel<N * N>(weights, w, u, [&](const float* taps, float* values) {
    Vector<> x[N][N];
    BILEVEL_UNROLL for (int i = 0; i < N * N; ++i) x[i % N][i / N] = load(taps + i * kLanes);
    evaluate_square(x, values, point_stride);
  });
}

template <int N>
void transform_output(const float* m, int64_t point_stride, const Corner& corner, float* y, float* zeros) {
  Vector<> x[N][N];
  interpolate_square(m, point_stride, x);
  put_corner<N>(x[0], corner, y, zeros);
}

void spread(const float* m, int64_t point_stride, int64_t columns, float* window) {
  Vector<> half[kPoints][kPoints];  // [column][row]
  BILEVEL_UNROLL for (int c = 0; c < kPoints; ++c) {
    Vector<> column[kPoints];
    BILEVEL_UNROLL for (int r = 0; r < kPoints; ++r) column[r] = load(m + (r * kPoints + c) * point_stride);
    spread_points(column, half[c]);
  }
  BILEVEL_UNROLL for (int r = 0; r < kPoints; ++r) {
    Vector<> row[kPoints], cells[kPoints];
    BILEVEL_UNROLL for (int c = 0; c < kPoints; ++c) row[c] = half[c][r];
    spread_points(row, cells);
    float* const to = window + r * columns * kLanes;
    BILEVEL_UNROLL for (int c = 0; c < kPoints; ++c) store(to + c * kLanes, load(to + c * kLanes) + cells[c]);
  }
}

template <int N>
void transform_weights_gradient(const float* m, int64_t point_stride, int64_t outputs, int64_t output_stride, float* w,
                                float* zeros) {
  Vector<> x[N][N];
  interpolate_square(m, point_stride, x);
  put_kernels<N * N>(x[0], outputs, output_stride, w, zeros);
}

#define BILEVEL_BY_SIDE(function) \
  { nullptr, nullptr, function<2>, function<3>, function<4>, function<5> }

}  // namespace

extern const Loops kWinograd;
constexpr Loops kWinograd = {kLanes,
                             kBlockRows,
                             kPoints,
                             kProducts,
                             kMinSide,
                             kMaxSide,
                             48,
                             stage,
                             transform_input,
                             BILEVEL_BY_SIDE(transform_output_gradient),
                             BILEVEL_BY_SIDE(transform_weights),
                             multiply,
                             BILEVEL_BY_SIDE(transform_output),
                             spread,
                             unstage,
                             BILEVEL_BY_SIDE(transform_weights_gradient)};

}  // namespace bilevel::cpu::tiled::BILEVEL_ISA
