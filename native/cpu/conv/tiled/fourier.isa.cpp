// Discrete Fourier transforms of tiles of 12 x 12 cells as loops of tile_loops.h, compiled once per instruction set
// into the namespace BILEVEL_ISA. Nothing here may call an inline function of another header: the linker keeps one copy
// of those, and it could be one that this processor cannot run.
//
// The transform of a circular correlation is that of the input times the conjugate of that of the kernel. Both are
// real, so 4 real and 70 complex values determine a transform. A complex number a + b i is stored as a, b and a + b,
// because
//   (a + b i) (c + d i) = (a c - b d) + ((a + b) (c + d) - a c - b d) i
// takes three products so, and 4 + 3 * 70 = 214 real products compute a tile.
#include <utility>

#include "cpu/conv/tiled/tile_loops.h"

namespace bilevel::cpu::tiled::BILEVEL_ISA {
namespace {

// clang-format off
#include "cpu/kernel/vectors.inc"
#include "cpu/conv/tiled/cells.inc"
// clang-format on

constexpr int kPoints = 12, kHalf = kPoints / 2, kProducts = 4 + 3 * 70, kMinSide = 2, kMaxSide = 9;
constexpr float kRoot = 0.86602540378443864676f;  // the imaginary part of the third root of unity

struct Complex {
  Vector<> re, im;
};

BILEVEL_INLINE Complex operator+(Complex a, Complex b) { return {a.re + b.re, a.im + b.im}; }
BILEVEL_INLINE Complex operator-(Complex a, Complex b) { return {a.re - b.re, a.im - b.im}; }
BILEVEL_INLINE Complex times_i(Complex a) { return {-a.im, a.re}; }
BILEVEL_INLINE Complex conjugate(Complex a) { return {a.re, -a.im}; }

// Since 12 = 3 * 4, a transform of 12 is one of 3 by 4, without factors between them, when cell (n3, n4) is cell
// 4 n3 + 3 n4 and value (k3, k4) is value 4 k3 + 9 k4, both modulo 12.
constexpr int cell(int n3, int n4) { return (4 * n3 + 3 * n4) % kPoints; }
constexpr int value(int k3, int k4) { return (4 * k3 + 9 * k4) % kPoints; }

// The sum over n of x[n] exp(-2 pi i k n / 4), in place.
BILEVEL_INLINE void transform4(Complex (&x)[4]) {
  const Complex even = x[0] + x[2], odd = x[1] + x[3], even_less = x[0] - x[2], odd_less = times_i(x[1] - x[3]);
  x[0] = even + odd;
  x[1] = even_less - odd_less;
  x[2] = even - odd;
  x[3] = even_less + odd_less;
}

BILEVEL_INLINE void transform(Complex (&x)[kPoints]) {
  Complex of[3][4];
  BILEVEL_UNROLL for (int n4 = 0; n4 < 4; ++n4) {
    const Complex zero = x[cell(0, n4)], sum = x[cell(1, n4)] + x[cell(2, n4)], less = x[cell(1, n4)] - x[cell(2, n4)];
    const Complex middle = {zero.re - 0.5f * sum.re, zero.im - 0.5f * sum.im};
    of[0][n4] = zero + sum;
    of[1][n4] = {middle.re + kRoot * less.im, middle.im - kRoot * less.re};
    of[2][n4] = {middle.re - kRoot * less.im, middle.im + kRoot * less.re};
  }
  BILEVEL_UNROLL for (int k3 = 0; k3 < 3; ++k3) {
    transform4(of[k3]);
    BILEVEL_UNROLL for (int k4 = 0; k4 < 4; ++k4) x[value(k3, k4)] = of[k3][k4];
  }
}

// Values 0 to 6 of the transform of real cells; the others are conjugates of them, and 0 and 6 are real.
BILEVEL_INLINE void transform_real(const Vector<> (&x)[kPoints], Complex (&values)[kHalf + 1]) {
  Vector<> real[4];
  Complex of[4];
  BILEVEL_UNROLL for (int n4 = 0; n4 < 4; ++n4) {
    const Vector<> sum = x[cell(1, n4)] + x[cell(2, n4)];
    real[n4] = x[cell(0, n4)] + sum;
    of[n4] = {x[cell(0, n4)] - 0.5f * sum, kRoot * (x[cell(2, n4)] - x[cell(1, n4)])};
  }
  transform4(of);
  values[0] = {(real[0] + real[2]) + (real[1] + real[3]), Vector<>{}};
  values[1] = of[1];
  values[2] = conjugate(of[2]);
  values[3] = {real[0] - real[2], real[1] - real[3]};
  values[4] = of[0];
  values[5] = conjugate(of[3]);
  values[6] = {(real[0] + real[2]) - (real[1] + real[3]), Vector<>{}};
}

// Twelve times the real cells.
BILEVEL_INLINE void invert_real(const Complex (&values)[kHalf + 1], Vector<> (&x)[kPoints]) {
  const Vector<> sum = values[0].re + values[6].re, less = values[0].re - values[6].re;
  const Vector<> even = values[3].re + values[3].re, odd = values[3].im + values[3].im;
  const Vector<> real[4] = {sum + even, less + odd, sum - even, less - odd};
  // The inverse is the transform with the values 1 and 3 exchanged.
  Complex of[4] = {values[4], conjugate(values[5]), conjugate(values[2]), values[1]};
  transform4(of);
  BILEVEL_UNROLL for (int n4 = 0; n4 < 4; ++n4) {
    const Vector<> middle = real[n4] - of[n4].re, side = (2 * kRoot) * of[n4].im;
    x[cell(0, n4)] = real[n4] + (of[n4].re + of[n4].re);
    x[cell(1, n4)] = middle - side;
    x[cell(2, n4)] = middle + side;
  }
}

// Transforms side x side cells, with zeros to the right and below; or conjugates what becomes of them.
template <bool Conjugates>
void transform_cells(const float* cells, int64_t pitch, int side, float* values, int64_t stride) {
  Complex half[kHalf + 1][kPoints];  // [column][row]
  for (int r = 0; r < side; ++r) {
    Vector<> x[kPoints];
    Complex of[kHalf + 1];
    BILEVEL_UNROLL for (int c = 0; c < kPoints; ++c) {
      x[c] = c < side ? load(cells + (r * pitch + c) * kLanes) : Vector<>{};
    }
    transform_real(x, of);
    BILEVEL_UNROLL for (int k = 0; k <= kHalf; ++k) half[k][r] = of[k];
  }
  for (int k = 0; k <= kHalf; ++k) {
    for (int r = side; r < kPoints; ++r) half[k][r] = {Vector<>{}, Vector<>{}};
  }
  const auto put = [&](Complex x) {
    const Vector<> im = Conjugates ? -x.im : x.im;
    store(values, x.re);
    store(values + stride, im);
    store(values + 2 * stride, x.re + im);
    values += 3 * stride;
  };
  const auto put_real = [&](Vector<> x) {
    store(values, x);
    values += stride;
  };
  for (int k = 0; k <= kHalf; ++k) {
    if (k % kHalf == 0) {
      Vector<> x[kPoints];
      Complex of[kHalf + 1];
      BILEVEL_UNROLL for (int r = 0; r < kPoints; ++r) x[r] = half[k][r].re;
      transform_real(x, of);
      put_real(of[0].re);
      BILEVEL_UNROLL for (int i = 1; i < kHalf; ++i) put(of[i]);
      put_real(of[kHalf].re);
    } else {
      Complex x[kPoints];
      BILEVEL_UNROLL for (int r = 0; r < kPoints; ++r) x[r] = half[k][r];
      transform(x);
      BILEVEL_UNROLL for (int r = 0; r < kPoints; ++r) put(x[r]);
    }
  }
}

// Calls put(row, cells) for the first `rows` rows of the tile, or of that of the conjugate values.
template <bool Conjugates, typename Put>
BILEVEL_INLINE void invert_values(const float* m, int64_t stride, int rows, Put&& put) {
  Complex half[kPoints][kHalf + 1];  // [row][column]
  const auto take = [&]() {
    const Vector<> a = load(m), b = load(m + stride), both = load(m + 2 * stride);
    m += 3 * stride;
    const Vector<> im = both - a - b;
    return Complex{a - b, Conjugates ? -im : im};
  };
  const auto take_real = [&]() {
    const Complex x{load(m), Vector<>{}};
    m += stride;
    return x;
  };
  for (int k = 0; k <= kHalf; ++k) {
    if (k % kHalf == 0) {
      Complex of[kHalf + 1];
      Vector<> x[kPoints];
      of[0] = take_real();
      BILEVEL_UNROLL for (int i = 1; i < kHalf; ++i) of[i] = take();
      of[kHalf] = take_real();
      invert_real(of, x);
      BILEVEL_UNROLL for (int r = 0; r < kPoints; ++r) half[r][k] = {x[r], Vector<>{}};
    } else {
      // The inverse is the transform with real and imaginary parts exchanged.
      Complex x[kPoints];
      BILEVEL_UNROLL for (int r = 0; r < kPoints; ++r) {
        const Complex taken = take();
        x[r] = {taken.im, taken.re};
      }
      transform(x);
      BILEVEL_UNROLL for (int r = 0; r < kPoints; ++r) half[r][k] = {x[r].im, x[r].re};
    }
  }
  for (int r = 0; r < rows; ++r) {
    Vector<> x[kPoints];
    invert_real(half[r], x);
    BILEVEL_UNROLL for (int c = 0; c < kPoints; ++c) x[c] *= 1.0f / (kPoints * kPoints);
    put(r, x);
  }
}

void transform_input(const float* band, int64_t columns, int64_t step, int64_t first, int64_t count, const Tiles& to) {
  each_tile(band, step, first, count, to, [&](const float* window, float* values) {
    transform_cells<false>(window, columns, kPoints, values, to.point_stride);
  });
}

template <int N>
void transform_output_gradient(const float* band, int64_t columns, int64_t first, int64_t count, const Tiles& to) {
  each_tile(band, N, first, count, to, [&](const float* window, float* values) {
    transform_cells<true>(window, columns, N, values, to.point_stride);
  });
}

template <int N>
void transform_weights(const Weights& weights, const float* w, float* u, int64_t point_stride) {
  each_kernel<N * N>(weights, w, u, [&](const float* taps, float* values) {
    transform_cells<true>(taps, N, N, values, point_stride);
  });
}

template <int N>
BILEVEL_INLINE void invert(const float* m, int64_t stride, Vector<> (&x)[N * N]) {
  invert_values<false>(m, stride, N, [&](int r, const Vector<>(&cells)[kPoints]) {
    BILEVEL_UNROLL for (int c = 0; c < N; ++c) x[r * N + c] = cells[c];
  });
}

template <int N>
void transform_output(const float* m, int64_t point_stride, const Corner& corner, float* y, float* zeros) {
  Vector<> x[N * N];
  invert<N>(m, point_stride, x);
  put_corner<N>(x, corner, y, zeros);
}

// Both operands are conjugates.
void spread(const float* m, int64_t point_stride, int64_t columns, float* window) {
  invert_values<true>(m, point_stride, kPoints, [&](int r, const Vector<>(&cells)[kPoints]) {
    float* const to = window + r * columns * kLanes;
    BILEVEL_UNROLL for (int c = 0; c < kPoints; ++c) store(to + c * kLanes, load(to + c * kLanes) + cells[c]);
  });
}

template <int N>
void transform_weights_gradient(const float* m, int64_t point_stride, int64_t outputs, int64_t output_stride, float* w,
                                float* zeros) {
  Vector<> x[N * N];
  invert<N>(m, point_stride, x);
  put_kernels<N * N>(x, outputs, output_stride, w, zeros);
}

// Kernels have 2 to 9 cells a side, tiles 4 to 11.
#define BILEVEL_KERNELS(function)                                                                                \
  {                                                                                                              \
    nullptr, nullptr, function<2>, function<3>, function<4>, function<5>, function<6>, function<7>, function<8>, \
        function<9>                                                                                              \
  }
#define BILEVEL_TILES(function)                                                                                       \
  {                                                                                                                   \
    nullptr, nullptr, nullptr, nullptr, function<4>, function<5>, function<6>, function<7>, function<8>, function<9>, \
        function<10>, function<11>                                                                                    \
  }

}  // namespace

extern const Loops kFourier;
constexpr Loops kFourier = {kLanes,
                            kBlockRows,
                            kPoints,
                            kProducts,
                            kMinSide,
                            kMaxSide,
                            32,
                            stage,
                            transform_input,
                            BILEVEL_TILES(transform_output_gradient),
                            BILEVEL_KERNELS(transform_weights),
                            multiply,
                            BILEVEL_TILES(transform_output),
                            spread,
                            unstage,
                            BILEVEL_KERNELS(transform_weights_gradient)};

}  // namespace bilevel::cpu::tiled::BILEVEL_ISA
