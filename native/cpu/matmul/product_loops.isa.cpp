// The loops of product_loops.h in vector extensions, compiled once per instruction set into the namespace BILEVEL_ISA.
// Nothing here may call an inline function of another header: the linker keeps one copy of those, and it could be one
// that this processor cannot run.
//
// Blocks of C are summed up in registers. Tails need no masks: the last vector of a row ends where the row ends and
// overlaps the one before it. Where lanes are summed up, those that were counted before are blanked in both factors,
// so that no infinity meets a zero.
#include "cpu/matmul/product_loops.h"

#include <utility>

namespace bilevel::cpu::BILEVEL_ISA {
namespace {

#include "cpu/kernel/vectors.inc"

// Blocks of R x C sums, which share the registers with C vectors of one factor and one of the other.
struct Block {
  int R, C;
};
constexpr Block kRows = kRegisters == 32 ? Block{9, 3} : Block{4, 3};
constexpr Block kDots = {kRegisters == 32 ? 6 : 3, kDotsColumns};

// `count` things in nearly equal parts of at most `most`: how many parts, and where part p begins.
BILEVEL_INLINE int64_t parts_of(int64_t count, int64_t most) { return (count + most - 1) / most; }
BILEVEL_INLINE int64_t begin_of(int64_t p, int64_t parts, int64_t count) { return count * p / parts; }

// The function for a block of R x C at (R - 1) * block.C + C - 1.
template <template <int, int, int> typename F, int lanes, Block block,
          typename Indices = std::make_integer_sequence<int, block.R * block.C>>
struct Table;
template <template <int, int, int> typename F, int lanes, Block block, int... i>
struct Table<F, lanes, block, std::integer_sequence<int, i...>> {
  static constexpr decltype(&F<lanes, 1, 1>::run) kRun[] = {&F<lanes, i / block.C + 1, i % block.C + 1>::run...};
};

// --- C = A B: vectors of a row of B times an element of A

// R rows and C vectors of columns; the last vector begins at column `last`.
template <int lanes, int R, int C>
struct RowsBlock {
  static void run(int64_t k, const float* a, int64_t a_row, int64_t a_step, const float* b, int64_t b_row, float* c,
                  int64_t c_row, int64_t last) {
    Vector<lanes> sum[R][C];
    BILEVEL_UNROLL for (int i = 0; i < R; ++i) {
      BILEVEL_UNROLL for (int j = 0; j < C; ++j) sum[i][j] = Vector<lanes>{};
    }
    for (int64_t l = 0; l < k; ++l, a += a_step, b += b_row) {
      Vector<lanes> y[C];
      BILEVEL_UNROLL for (int j = 0; j < C; ++j) y[j] = load<lanes>(b + (j < C - 1 ? j * lanes : last));
      BILEVEL_UNROLL for (int i = 0; i < R; ++i) {
        const float x = a[i * a_row];
        BILEVEL_UNROLL for (int j = 0; j < C; ++j) sum[i][j] += x * y[j];
      }
    }
    BILEVEL_UNROLL for (int i = 0; i < R; ++i, c += c_row) {
      BILEVEL_UNROLL for (int j = 0; j < C; ++j) store<lanes>(c + (j < C - 1 ? j * lanes : last), sum[i][j]);
    }
  }
};

template <int lanes>
void rows_by(int64_t m, int64_t n, int64_t k, const float* a, int64_t a_row, int64_t a_step, const float* b,
             int64_t b_row, float* c, int64_t c_row) {
  const int64_t vectors = parts_of(n, lanes), columns = parts_of(vectors, kRows.C), rows = parts_of(m, kRows.R);
  for (int64_t q = 0; q < columns; ++q) {
    const int64_t first = begin_of(q, columns, vectors), end = begin_of(q + 1, columns, vectors), j = first * lanes;
    const int64_t last = (end == vectors ? n - lanes : (end - 1) * lanes) - j;
    for (int64_t p = 0; p < rows; ++p) {
      const int64_t i = begin_of(p, rows, m), count = begin_of(p + 1, rows, m) - i;
      Table<RowsBlock, lanes, kRows>::kRun[(count - 1) * kRows.C + end - first - 1](
          k, a + i * a_row, a_row, a_step, b + j, b_row, c + i * c_row + j, c_row, last);
    }
  }
}

void rows(int64_t m, int64_t n, int64_t k, const float* a, int64_t a_row, int64_t a_step, const float* b, int64_t b_row,
          float* c, int64_t c_row) {
  if constexpr (kLanes >= 16) {
    if (n >= 16) return rows_by<16>(m, n, k, a, a_row, a_step, b, b_row, c, c_row);
  }
  if constexpr (kLanes >= 8) {
    if (n >= 8) return rows_by<8>(m, n, k, a, a_row, a_step, b, b_row, c, c_row);
  }
  if (n >= 4) return rows_by<4>(m, n, k, a, a_row, a_step, b, b_row, c, c_row);
  rows_by<1>(m, n, k, a, a_row, a_step, b, b_row, c, c_row);
}

// --- C = A B^T: vectors of a row of A times vectors of a row of B

// Loaded from kKeep + 16 - lanes + count, a vector that keeps the last `count` lanes.
constexpr int32_t kKeep[32] = {0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,
                               -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};

template <int lanes>
BILEVEL_INLINE Vector<lanes> blanked(Vector<lanes> x, typename VectorOf<lanes>::Bits keep) {
  return reinterpret_cast<Vector<lanes>>(reinterpret_cast<typename VectorOf<lanes>::Bits>(x) & keep);
}

// Four lanes with the same sum as all.
template <int lanes, int... i>
BILEVEL_INLINE Vector<lanes / 2> halves_added(Vector<lanes> x, std::integer_sequence<int, i...>) {
  return __builtin_shufflevector(x, x, i...) + __builtin_shufflevector(x, x, (i + lanes / 2)...);
}
template <int lanes>
BILEVEL_INLINE Vector<4> folded(Vector<lanes> x) {
  if constexpr (lanes == 4) {
    return x;
  } else {
    return folded<lanes / 2>(halves_added<lanes>(x, std::make_integer_sequence<int, lanes / 2>()));
  }
}

// Sums of neighbours: those of x, then those of y.
BILEVEL_INLINE Vector<4> pairs_added(Vector<4> x, Vector<4> y) {
  return __builtin_shufflevector(x, y, 0, 2, 4, 6) + __builtin_shufflevector(x, y, 1, 3, 5, 7);
}

template <int lanes, int R, int C>
struct DotsBlock {
  static void run(int64_t k, const float* a, int64_t a_row, const float* b, int64_t b_row, float* c, int64_t c_row) {
    Vector<lanes> sum[R][4];
    BILEVEL_UNROLL for (int i = 0; i < R; ++i) {
      BILEVEL_UNROLL for (int j = 0; j < 4; ++j) sum[i][j] = Vector<lanes>{};
    }
    const auto add = [&](auto at) {
      Vector<lanes> y[C];
      BILEVEL_UNROLL for (int j = 0; j < C; ++j) y[j] = at(b + j * b_row);
      BILEVEL_UNROLL for (int i = 0; i < R; ++i) {
        const Vector<lanes> x = held(at(a + i * a_row));
        BILEVEL_UNROLL for (int j = 0; j < C; ++j) sum[i][j] += x * y[j];
      }
    };
    int64_t l = 0;
    for (; l + lanes <= k; l += lanes) add([l](const float* row) { return load<lanes>(row + l); });
    if (l < k) {
      typename VectorOf<lanes>::Bits keep;
      __builtin_memcpy(&keep, kKeep + 16 - lanes + (k - l), sizeof keep);
      add([=](const float* row) { return blanked<lanes>(load<lanes>(row + k - lanes), keep); });
    }
    BILEVEL_UNROLL for (int i = 0; i < R; ++i, c += c_row) {
      const Vector<4> total = pairs_added(pairs_added(folded<lanes>(sum[i][0]), folded<lanes>(sum[i][1])),
                                          pairs_added(folded<lanes>(sum[i][2]), folded<lanes>(sum[i][3])));
      __builtin_memcpy(c, &total, C * sizeof(float));
    }
  }
};

// Floats of a factor that stay in a first cache of 48 KB, beside blocks of the other one.
constexpr int64_t kNear = 9 * 1024;

template <int lanes>
void dots_by(int64_t m, int64_t n, int64_t k, const float* a, int64_t a_row, const float* b, int64_t b_row, float* c,
             int64_t c_row) {
  const int64_t rows = parts_of(m, kDots.R), columns = parts_of(n, kDots.C);
  const auto block = [&](int64_t p, int64_t q) {
    const int64_t i = begin_of(p, rows, m), height = begin_of(p + 1, rows, m) - i;
    const int64_t j = begin_of(q, columns, n), width = begin_of(q + 1, columns, n) - j;
    Table<DotsBlock, lanes, kDots>::kRun[(height - 1) * kDots.C + width - 1](k, a + i * a_row, a_row, b + j * b_row,
                                                                             b_row, c + i * c_row + j, c_row);
  };
  // The larger factor is read once for every group of the other one's blocks that stays in the first cache.
  const bool tall = m > n;
  const int64_t outer = tall ? rows : columns, inner = tall ? columns : rows;
  const int64_t fitting = kNear * inner / (k * (tall ? n : m)), groups = parts_of(inner, fitting > 1 ? fitting : 1);
  for (int64_t group = 0; group < groups; ++group) {
    for (int64_t o = 0; o < outer; ++o) {
      for (int64_t i = begin_of(group, groups, inner); i < begin_of(group + 1, groups, inner); ++i) {
        tall ? block(o, i) : block(i, o);
      }
    }
  }
}

void dots(int64_t m, int64_t n, int64_t k, const float* a, int64_t a_row, const float* b, int64_t b_row, float* c,
          int64_t c_row) {
  if constexpr (kLanes >= 16) {
    if (k >= 16) return dots_by<16>(m, n, k, a, a_row, b, b_row, c, c_row);
  }
  if constexpr (kLanes >= 8) {
    if (k >= 8) return dots_by<8>(m, n, k, a, a_row, b, b_row, c, c_row);
  }
  dots_by<4>(m, n, k, a, a_row, b, b_row, c, c_row);
}

// --- y = x^T

// Within every four lanes, those of x numbered 0 to 3 and those of y 4 to 7.
template <int lanes, int p0, int p1, int p2, int p3, int... i>
BILEVEL_INLINE Vector<lanes> picked(Vector<lanes> x, Vector<lanes> y, std::integer_sequence<int, i...>) {
  constexpr int kPick[4] = {p0, p1, p2, p3};
  return __builtin_shufflevector(x, y, (kPick[i % 4] % 4 + kPick[i % 4] / 4 * lanes + i / 4 * 4)...);
}
template <int lanes, int... pick>
BILEVEL_INLINE Vector<lanes> pick_fours(Vector<lanes> x, Vector<lanes> y) {
  return picked<lanes, pick...>(x, y, std::make_integer_sequence<int, lanes>());
}

// Four rows of x and `lanes` columns, as squares of 4 x 4.
template <int lanes>
BILEVEL_INLINE void transpose_block(const float* x, int64_t x_row, float* y, int64_t y_row) {
  const Vector<lanes> x0 = load<lanes>(x), x1 = load<lanes>(x + x_row), x2 = load<lanes>(x + 2 * x_row),
                      x3 = load<lanes>(x + 3 * x_row);
  const Vector<lanes> low01 = pick_fours<lanes, 0, 4, 1, 5>(x0, x1), low23 = pick_fours<lanes, 0, 4, 1, 5>(x2, x3);
  const Vector<lanes> high01 = pick_fours<lanes, 2, 6, 3, 7>(x0, x1), high23 = pick_fours<lanes, 2, 6, 3, 7>(x2, x3);
  const Vector<lanes> columns[4] = {
      pick_fours<lanes, 0, 1, 4, 5>(low01, low23), pick_fours<lanes, 2, 3, 6, 7>(low01, low23),
      pick_fours<lanes, 0, 1, 4, 5>(high01, high23), pick_fours<lanes, 2, 3, 6, 7>(high01, high23)};
  BILEVEL_UNROLL for (int j = 0; j < lanes; ++j, y += y_row) {
    Vector<4> column;
    __builtin_memcpy(&column, reinterpret_cast<const char*>(&columns[j % 4]) + j / 4 * sizeof column, sizeof column);
    store<4>(y, column);
  }
}

template <int lanes>
void transpose_by(int64_t rows, int64_t columns, const float* x, int64_t x_row, float* y, int64_t y_row) {
  for (int64_t q = 0; q < columns; q += lanes) {
    const int64_t j = q + lanes <= columns ? q : columns - lanes;
    for (int64_t p = 0; p < rows; p += 4) {
      const int64_t i = p + 4 <= rows ? p : rows - 4;
      transpose_block<lanes>(x + i * x_row + j, x_row, y + j * y_row + i, y_row);
    }
  }
}

void transpose(int64_t rows, int64_t columns, const float* x, int64_t x_row, float* y, int64_t y_row) {
  if (rows >= 4 && columns >= kLanes) return transpose_by<kLanes>(rows, columns, x, x_row, y, y_row);
  if (rows >= 4 && columns >= 4) return transpose_by<4>(rows, columns, x, x_row, y, y_row);
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) y[j * y_row + i] = x[i * x_row + j];
  }
}

}  // namespace

extern const ProductLoops kProductLoops;
constexpr ProductLoops kProductLoops{kLanes, kRows.C* kLanes, rows, dots, transpose};

}  // namespace bilevel::cpu::BILEVEL_ISA
