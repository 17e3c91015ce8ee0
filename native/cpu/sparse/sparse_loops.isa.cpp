// The loops of sparse_loops.h in vector extensions, compiled once per instruction set into the namespace BILEVEL_ISA.
// Nothing here may call an inline function of another header: the linker keeps one copy of those, and it could be one
// that this processor cannot run.
//
// Tails need no masks: the last vector of a block ends where the row ends and overlaps the one before it. Where a block
// is added to, all of its vectors are loaded before one is stored, so that both have the same sums where they overlap.
#include "cpu/sparse/sparse_loops.h"

namespace bilevel::cpu::BILEVEL_ISA {
namespace {

#include "cpu/kernel/vectors.inc"

using Row = SparseLoops::Row;

// Vectors of a row of x or y that are held in registers.
constexpr int kMostVectors = 4;

// The index of an entry, or -1 when it is out of range.
BILEVEL_INLINE int64_t index_at(const Row& row, int64_t k) {
  const int64_t index = __atomic_load_n(row.indices + k, __ATOMIC_RELAXED);
  return index < row.size ? index : -1;
}

BILEVEL_INLINE int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

// Columns of y that C vectors hold, the last one from column `last` on; x and y begin at the first of them.
template <int lanes, int C>
BILEVEL_INLINE int64_t place_of(int j, int64_t last) {
  return j < C - 1 ? j * lanes : last;
}

template <int lanes, int C>
int64_t sum_block(float* y, int64_t n, int64_t last, const Row& row, const float* values, const float* x) {
  Vector<lanes> sum[C];
  BILEVEL_UNROLL for (int j = 0; j < C; ++j) sum[j] = Vector<lanes>{};
  int64_t wrong = row.count;
  for (int64_t k = 0; k < row.count; ++k) {
    const int64_t index = index_at(row, k);
    if (index < 0) {
      wrong = smaller(wrong, k);
      continue;
    }
    const float value = values[k];
    const float* from = x + index * n;
    BILEVEL_UNROLL for (int j = 0; j < C; ++j) sum[j] += value * load<lanes>(from + place_of<lanes, C>(j, last));
  }
  BILEVEL_UNROLL for (int j = 0; j < C; ++j) store<lanes>(y + place_of<lanes, C>(j, last), sum[j]);
  return wrong;
}

template <int lanes, int C>
int64_t spread_block(float* y, int64_t n, int64_t last, const Row& row, const float* values, const float* x,
                     int64_t begin, int64_t end) {
  Vector<lanes> factor[C];
  BILEVEL_UNROLL for (int j = 0; j < C; ++j) factor[j] = load<lanes>(x + place_of<lanes, C>(j, last));
  int64_t wrong = row.count;
  for (int64_t k = 0; k < row.count; ++k) {
    const int64_t index = index_at(row, k);
    if (index < 0) {
      wrong = smaller(wrong, k);
      continue;
    }
    if (index < begin || index >= end) continue;
    const float value = values[k];
    float* to = y + index * n;
    Vector<lanes> sum[C];
    BILEVEL_UNROLL for (int j = 0; j < C; ++j) sum[j] = load<lanes>(to + place_of<lanes, C>(j, last));
    BILEVEL_UNROLL for (int j = 0; j < C; ++j) sum[j] += value * factor[j];
    BILEVEL_UNROLL for (int j = 0; j < C; ++j) store<lanes>(to + place_of<lanes, C>(j, last), sum[j]);
  }
  return wrong;
}

// Calls block(column, columns of vectors, last) for blocks that cover n columns, with C as a template argument.
template <int lanes, typename Block>
BILEVEL_INLINE int64_t each_block(int64_t n, int64_t wrong, const Block& block) {
  const int64_t vectors = (n + lanes - 1) / lanes, blocks = (vectors + kMostVectors - 1) / kMostVectors;
  for (int64_t b = 0; b < blocks; ++b) {
    const int64_t first = vectors * b / blocks, end = vectors * (b + 1) / blocks, column = first * lanes;
    const int64_t last = (end == vectors ? n - lanes : (end - 1) * lanes) - column;
    wrong = smaller(wrong, block(column, static_cast<int>(end - first), last));
  }
  return wrong;
}

template <int lanes>
int64_t sum_by(float* y, int64_t n, const Row& row, const float* values, const float* x) {
  return each_block<lanes>(n, row.count, [&](int64_t column, int count, int64_t last) {
    switch (count) {
      case 1:
        return sum_block<lanes, 1>(y + column, n, last, row, values, x + column);
      case 2:
        return sum_block<lanes, 2>(y + column, n, last, row, values, x + column);
      case 3:
        return sum_block<lanes, 3>(y + column, n, last, row, values, x + column);
      default:
        return sum_block<lanes, 4>(y + column, n, last, row, values, x + column);
    }
  });
}

template <int lanes>
int64_t spread_by(float* y, int64_t n, const Row& row, const float* values, const float* x, int64_t begin,
                  int64_t end) {
  return each_block<lanes>(n, row.count, [&](int64_t column, int count, int64_t last) {
    switch (count) {
      case 1:
        return spread_block<lanes, 1>(y + column, n, last, row, values, x + column, begin, end);
      case 2:
        return spread_block<lanes, 2>(y + column, n, last, row, values, x + column, begin, end);
      case 3:
        return spread_block<lanes, 3>(y + column, n, last, row, values, x + column, begin, end);
      default:
        return spread_block<lanes, 4>(y + column, n, last, row, values, x + column, begin, end);
    }
  });
}

int64_t sum(float* y, int64_t n, Row row, const float* values, const float* x) {
  if (n >= kLanes) return sum_by<kLanes>(y, n, row, values, x);
  return n >= 4 ? sum_by<4>(y, n, row, values, x) : sum_by<1>(y, n, row, values, x);
}

int64_t spread(float* y, int64_t n, Row row, const float* values, const float* x, int64_t begin, int64_t end) {
  if (n >= kLanes) return spread_by<kLanes>(y, n, row, values, x, begin, end);
  return n >= 4 ? spread_by<4>(y, n, row, values, x, begin, end) : spread_by<1>(y, n, row, values, x, begin, end);
}

int64_t dots(float* values, int64_t n, Row row, const float* a, const float* b) {
  int64_t wrong = row.count;
  for (int64_t k = 0; k < row.count; ++k) {
    const int64_t index = index_at(row, k);
    if (index < 0) {
      wrong = smaller(wrong, k);
      continue;
    }
    const float* from = b + index * n;
    Vector<> sums{};
    int64_t i = 0;
    for (; i + kLanes <= n; i += kLanes) sums += load(a + i) * load(from + i);
    float total = 0.0f;
    for (int lane = 0; lane < kLanes; ++lane) total += sums[lane];
    for (; i < n; ++i) total += a[i] * from[i];
    values[k] += total;
  }
  return wrong;
}

}  // namespace

extern const SparseLoops kSparseLoops;
constexpr SparseLoops kSparseLoops = {sum, spread, dots};

}  // namespace bilevel::cpu::BILEVEL_ISA
