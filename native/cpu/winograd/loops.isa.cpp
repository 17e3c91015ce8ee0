// The loops of winograd/loops.h, compiled once per instruction set into the namespace BILEVEL_ISA. Nothing here may
// call an inline function of another header: the linker keeps one copy of those, and it could be one that this
// processor cannot run.
#include "cpu/winograd/loops.h"

#include <utility>

namespace bilevel::cpu::winograd::BILEVEL_ISA {
namespace {

#include "cpu/vectors.inc"

static_assert(kLanes <= kMaxLanes);
constexpr int kBlockRows = kLanes == 16 ? 8 : 4;

BILEVEL_INLINE int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

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

// Each second run of Half lanes of `first` and `second`: the runs of even and of odd number.
template <int Half, int... L>
BILEVEL_INLINE void exchange(Vector<>& first, Vector<>& second, std::integer_sequence<int, L...>) {
  const Vector<> even = __builtin_shufflevector(first, second, ((L & Half) != 0 ? L - Half + kLanes : L)...);
  second = __builtin_shufflevector(first, second, ((L & Half) != 0 ? L + kLanes : L + Half)...);
  first = even;
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

// Exchanges rows and columns of kLanes x kLanes floats.
template <int Half = 1>
BILEVEL_INLINE void transpose(Vector<> (&x)[kLanes]) {
  if constexpr (Half < kLanes) {
    BILEVEL_UNROLL for (int i = 0; i < kLanes; ++i) {
      if ((i & Half) == 0) exchange<Half>(x[i], x[i + Half], std::make_integer_sequence<int, kLanes>{});
    }
    transpose<2 * Half>(x);
  }
}

// Loads kLanes cells of all channels and turns them.
BILEVEL_INLINE void load_cells(const Band& band, const float* from, int64_t plane, Vector<> (&cells)[kLanes]) {
  if (band.channels == kLanes) {
    BILEVEL_UNROLL for (int l = 0; l < kLanes; ++l) cells[l] = load(from + l * plane);
  } else {
    for (int l = 0; l < kLanes; ++l) cells[l] = l < band.channels ? load(from + l * plane) : Vector<>{};
  }
  transpose(cells);
}

// Rows of at least a vector: the last vector of a row overlaps the one before it.
void stage_rows(const Band& band, const float* from, int64_t begin, int64_t end, float* to) {
  const int64_t plane = band.height * band.width;
  for (int64_t row = begin; row < end; ++row) {
    float* cells_of_row = to + ((row - band.first_row) * band.columns + band.left) * kLanes;
    for (int64_t next = 0; next < band.width; next += kLanes) {
      const int64_t column = smaller(next, band.width - kLanes);
      Vector<> cells[kLanes];
      load_cells(band, from + row * band.width + column, plane, cells);
      BILEVEL_UNROLL for (int l = 0; l < kLanes; ++l) store(cells_of_row + (column + l) * kLanes, cells[l]);
    }
  }
}

// Shorter rows: they follow one another in a plane, so vectors cross them.
void stage_short_rows(const Band& band, const float* from, int64_t begin, int64_t end, float* to) {
  const int64_t plane = band.height * band.width;
  int64_t cell = begin * band.width;
  while (cell < end * band.width) {
    Vector<> cells[kLanes];
    int64_t first = smaller(cell, plane - kLanes);
    if (first >= 0) {
      load_cells(band, from + first, plane, cells);
    } else {
      first = 0;
      for (int64_t i = 0; i < plane; ++i) {
        Vector<> value{};
        for (int l = 0; l < band.channels; ++l) value[l] = from[l * plane + i];
        cells[i] = value;
      }
    }
    const int64_t last = smaller(smaller(first + kLanes, plane), end * band.width);
    const int64_t row = cell / band.width;
    int64_t column = cell % band.width;
    float* at = to + ((row - band.first_row) * band.columns + band.left + column) * kLanes;
    for (; cell < last; ++cell) {
      store(at, cells[cell - first]);
      at += kLanes;
      if (++column == band.width) {
        column = 0;
        at += (band.columns - band.width) * kLanes;
      }
    }
  }
}

void stage(const Band& band, const float* from, float* to) {
  const int64_t begin = band.first_row < 0 ? 0 : band.first_row;
  const int64_t end = smaller(band.first_row + band.rows, band.height);
  for (int64_t r = 0; r < band.rows; ++r) {
    const int64_t row = band.first_row + r;
    const bool inside = row >= 0 && row < band.height;
    float* cells = to + r * band.columns * kLanes;
    for (int64_t c = 0; c < (inside ? band.left : band.columns); ++c) store(cells + c * kLanes, Vector<>{});
    for (int64_t c = band.left + band.width; c < band.columns; ++c) store(cells + c * kLanes, Vector<>{});
  }
  if (band.width >= kLanes) {
    stage_rows(band, from, begin, end, to);
  } else {
    stage_short_rows(band, from, begin, end, to);
  }
}

// Calls transform(window, where its values go) for each tile.
template <typename Transform>
BILEVEL_INLINE void each_tile(const float* band, int64_t step, int64_t first, int64_t count, const Tiles& to,
                              Transform&& transform) {
  int64_t block = first / to.block_tiles, tile = first % to.block_tiles;
  for (int64_t i = 0; i < count; ++i) {
    transform(band + i * step * kLanes, to.data + block * to.block_stride + tile * kLanes);
    if (++tile == to.block_tiles) {
      tile = 0;
      ++block;
    }
  }
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

// Adds zero times every value, which is NaN where it is not finite.
template <int N>
BILEVEL_INLINE void add_zeros(const Vector<> (&x)[N][N], float* zeros) {
  Vector<> sum = load(zeros);
  BILEVEL_UNROLL for (int r = 0; r < N; ++r) { BILEVEL_UNROLL for (int c = 0; c < N; ++c) sum += 0.0f * x[r][c]; }
  store(zeros, sum);
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
  for (int64_t input = 0; input < weights.inputs; ++input) {
    for (int64_t vector = 0; vector < 2; ++vector) {
      alignas(4 * kLanes) float taps[N * N][kLanes] = {};
      const int64_t outputs = smaller(weights.outputs - vector * kLanes, kLanes);
      const float* from = w + input * weights.input_stride + vector * kLanes * weights.output_stride;
      for (int64_t l = 0; l < outputs; ++l, from += weights.output_stride) {
        BILEVEL_UNROLL for (int i = 0; i < N * N; ++i) taps[i][l] = from[i];
      }
      Vector<> x[N][N];
      BILEVEL_UNROLL for (int i = 0; i < N * N; ++i) {
        x[i % N][i / N] = load(taps[weights.turned ? N * N - 1 - i : i]);
      }
      evaluate_square(x, u + (input * 2 + vector) * kLanes, point_stride);
    }
  }
}

void multiply(const Product& p, const float* a, const float* b, float* c) {
  for (int64_t row = 0; row < p.rows; row += kBlockRows, a += kBlockRows * p.a_row, c += kBlockRows * 2 * kLanes) {
    Vector<> sums[kBlockRows][2];
    BILEVEL_UNROLL for (int r = 0; r < kBlockRows; ++r) {
      BILEVEL_UNROLL for (int v = 0; v < 2; ++v) { sums[r][v] = p.adds ? load(c + (r * 2 + v) * kLanes) : Vector<>{}; }
    }
    for (int64_t i = 0; i < p.outer; ++i) {
      const float* left = a + i * p.a_outer;
      const float* right = b + i * p.b_outer;
      for (int64_t j = 0; j < p.inner; ++j, left += p.a_inner, right += p.b_inner) {
        const Vector<> first = load(right), second = load(right + p.b_vector);
        BILEVEL_UNROLL for (int r = 0; r < kBlockRows; ++r) {
          const float factor = left[r * p.a_row];
          sums[r][0] += factor * first;
          sums[r][1] += factor * second;
        }
      }
    }
    BILEVEL_UNROLL for (int r = 0; r < kBlockRows; ++r) {
      BILEVEL_UNROLL for (int v = 0; v < 2; ++v) store(c + (r * 2 + v) * kLanes, sums[r][v]);
    }
  }
}

template <int N>
void transform_output(const float* m, int64_t point_stride, const Corner& corner, float* y, float* zeros) {
  Vector<> x[N][N];
  interpolate_square(m, point_stride, x);
  add_zeros(x, zeros);
  if constexpr (N * N == kLanes) {
    if (corner.channels == kLanes && corner.rows == N && corner.columns == N) {
      Vector<> cells[kLanes];
      BILEVEL_UNROLL for (int i = 0; i < kLanes; ++i) cells[i] = x[i / N][i % N];
      transpose(cells);
      alignas(4 * kLanes) float turned[kLanes][N][N];
      BILEVEL_UNROLL for (int l = 0; l < kLanes; ++l) store(turned[l][0], cells[l]);
      for (int l = 0; l < kLanes; ++l, y += corner.plane) {
        BILEVEL_UNROLL for (int r = 0; r < N; ++r) {
          __builtin_memcpy(y + r * corner.pitch, turned[l][r], sizeof turned[l][r]);
        }
      }
      return;
    }
  }
  alignas(4 * kLanes) float cells[N][N][kLanes];
  BILEVEL_UNROLL for (int i = 0; i < N * N; ++i) store(cells[i / N][i % N], x[i / N][i % N]);
  for (int64_t l = 0; l < corner.channels; ++l, y += corner.plane) {
    for (int64_t r = 0; r < corner.rows; ++r) {
      for (int64_t c = 0; c < corner.columns; ++c) y[r * corner.pitch + c] = cells[r][c][l];
    }
  }
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

void unstage(const Band& band, const float* from, float* to, float* zeros) {
  const int64_t plane = band.height * band.width;
  Vector<> sum = load(zeros);
  for (int64_t cell = 0; cell < plane; cell += kLanes) {
    // The last vector begins earlier, in a plane that has one.
    const int64_t first = plane < kLanes ? 0 : smaller(cell, plane - kLanes);
    const int64_t count = smaller(plane, kLanes);
    int64_t row = first / band.width, column = first % band.width;
    Vector<> cells[kLanes] = {};
    for (int64_t i = 0; i < count; ++i) {
      cells[i] = load(from + ((row - band.first_row) * band.columns + band.left + column) * kLanes);
      sum += 0.0f * cells[i];
      if (++column == band.width) {
        column = 0;
        ++row;
      }
    }
    transpose(cells);
    if (count == kLanes && band.channels == kLanes) {
      BILEVEL_UNROLL for (int l = 0; l < kLanes; ++l) store(to + l * plane + first, cells[l]);
    } else {
      alignas(4 * kLanes) float turned[kLanes][kLanes];
      BILEVEL_UNROLL for (int l = 0; l < kLanes; ++l) store(turned[l], cells[l]);
      for (int64_t l = 0; l < band.channels; ++l) {
        __builtin_memcpy(to + l * plane + first, turned[l], static_cast<size_t>(4 * count));
      }
    }
  }
  store(zeros, sum);
}

template <int N>
void transform_weights_gradient(const float* m, int64_t point_stride, int64_t outputs, int64_t output_stride, float* w,
                                float* zeros) {
  Vector<> x[N][N];
  interpolate_square(m, point_stride, x);
  add_zeros(x, zeros);
  alignas(4 * kLanes) float taps[N * N][kLanes];
  BILEVEL_UNROLL for (int i = 0; i < N * N; ++i) store(taps[i], x[i / N][i % N]);
  for (int64_t l = 0; l < outputs; ++l) {
    BILEVEL_UNROLL for (int i = 0; i < N * N; ++i) w[l * output_stride + i] = taps[i][l];
  }
}

constexpr Loops make_loops() {
  return {kLanes,
          kBlockRows,
          stage,
          transform_input,
          {transform_output_gradient<2>, transform_output_gradient<3>, transform_output_gradient<4>,
           transform_output_gradient<5>},
          {transform_weights<2>, transform_weights<3>, transform_weights<4>, transform_weights<5>},
          multiply,
          {transform_output<2>, transform_output<3>, transform_output<4>, transform_output<5>},
          spread,
          unstage,
          {transform_weights_gradient<2>, transform_weights_gradient<3>, transform_weights_gradient<4>,
           transform_weights_gradient<5>}};
}

}  // namespace

extern const Loops kLoops;
constexpr Loops kLoops = make_loops();

}  // namespace bilevel::cpu::winograd::BILEVEL_ISA
