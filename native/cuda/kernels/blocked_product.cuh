// Products of matrices by tiles in shared memory, of which every thread adds up a part in registers, and reads the next
// tile while it does. A total is a chain of fused multiply-adds along k, or several of them, each by a block of its
// own, which the last block to arrive adds in doubles in their order.
//
// An operand is a matrix of lines, the rows of the left one and the columns of the right one, along k:
//   Line line(i), Depth depth(k)      what can be worked out of one of the indices
//   load(to, line, depth)             kNeighbours elements: one, or four that lie beside each other
//   kAlongDepth                       whether neighbours in memory lie along k, or along the lines
// The result gives the place of an element, behind which kNeighbours of its row lie beside each other.
#pragma once

#include "cuda/kernels/reduce.cuh"

namespace bilevel {

// To the nearest number with kDropped bits less in its mantissa, of two equally near ones to the even one: what tensor
// cores do with tf32 (13) and bf16 (16).
template <uint32_t kDropped>
BILEVEL_INLINE float rounded(float x) {
  if (kDropped == 0) return x;
  const uint32_t bits = static_cast<uint32_t>(__builtin_bit_cast(int32_t, x));
  if ((bits & 0x7f800000u) == 0x7f800000u) return x;
  const uint32_t dropped = (uint32_t(1) << kDropped) - 1, half = dropped >> 1;
  const uint32_t nearest = (bits + half + (bits >> kDropped & 1u)) & ~dropped;
  return __builtin_bit_cast(float, static_cast<int32_t>(nearest));
}

// One row for each step along k. Four elements more than needed: steps lie in different banks, and fours stay whole.
template <uint32_t kLines, uint32_t kSteps>
struct alignas(16) Tile {
  float at[kSteps][kLines + 4];
};

// What a thread brings of an operand into one tile after the other.
template <typename Sizes, typename Operand, uint32_t kLines>
class Loader {
 public:
  typedef typename Sizes::Number Number;
  typedef Tile<kLines, Sizes::kSteps> ItsTile;

  // The lines from `first` on, of so many that there are.
  BILEVEL_INLINE void begin(const Operand& operand, Number first, Number count) {
    BILEVEL_UNROLL
    for (uint32_t i = 0; i < kOwnLines; ++i) {
      const Number line = first + static_cast<Number>(line_of(i));
      is_inside_[i] = line < count;
      lines_[i] = operand.line(is_inside_[i] ? line : 0);
    }
  }

  // Of the steps from k on, before `end`; beyond it there are zeros.
  BILEVEL_INLINE void read(const Operand& operand, Number k, Number end) {
    BILEVEL_UNROLL
    for (uint32_t i = 0; i < kEach; ++i) {
      const uint32_t own = Operand::kAlongDepth ? i : 0;
      const Number step = k + static_cast<Number>(step_of(i));
      float* const to = read_ + i * kNeighbours;
      if (is_inside_[own] && step < end && takes_part(i)) {
        operand.load(to, lines_[own], operand.depth(step));
      } else {
        BILEVEL_UNROLL
        for (uint32_t n = 0; n < kNeighbours; ++n) to[n] = 0.0f;
      }
    }
  }

  BILEVEL_INLINE void write(ItsTile& tile) const {
    BILEVEL_UNROLL
    for (uint32_t i = 0; i < kEach; ++i) {
      if (!takes_part(i)) continue;
      BILEVEL_UNROLL
      for (uint32_t n = 0; n < kNeighbours; ++n) {
        const float value = rounded<Sizes::kDroppedBits>(read_[i * kNeighbours + n]);
        tile.at[step_of(i) + (Operand::kAlongDepth ? n : 0)][line_of(i) + (Operand::kAlongDepth ? 0 : n)] = value;
      }
    }
  }

 private:
  static constexpr uint32_t kNeighbours = Operand::kNeighbours;
  static constexpr uint32_t kLoads = kLines * Sizes::kSteps / kNeighbours;
  static constexpr uint32_t kEach = (kLoads + kThreads - 1) / kThreads;
  // Along the lines all loads of a thread are of the same one.
  static constexpr uint32_t kOwnLines = Operand::kAlongDepth ? kEach : 1;
  // Loads beside each other, in the direction in which memory goes.
  static constexpr uint32_t kBeside = (Operand::kAlongDepth ? uint32_t(Sizes::kSteps) : kLines) / kNeighbours;
  static_assert(kThreads % kBeside == 0, "the loads of a thread lie behind each other");

  static BILEVEL_INLINE bool takes_part(uint32_t i) {
    return kLoads % kThreads == 0 || i * kThreads + threadIdx.x < kLoads;
  }
  static BILEVEL_INLINE uint32_t along() { return threadIdx.x % kBeside * kNeighbours; }
  static BILEVEL_INLINE uint32_t across(uint32_t i) { return (threadIdx.x + i * kThreads) / kBeside; }
  static BILEVEL_INLINE uint32_t line_of(uint32_t i) { return Operand::kAlongDepth ? across(i) : along(); }
  static BILEVEL_INLINE uint32_t step_of(uint32_t i) { return Operand::kAlongDepth ? along() : across(i); }

  typename Operand::Line lines_[kOwnLines];
  bool is_inside_[kOwnLines];
  float read_[kEach * kNeighbours];
};

// Where a block works. A block for each part of k, of each tile, of each product.
template <typename Sizes>
struct BlockOfProduct {
  typedef typename Sizes::Number Number;
  uint32_t part, tile;
  Number row0, column0, product;

  explicit BILEVEL_INLINE BlockOfProduct(uint32_t block)
      : part(block % uint32_t(Sizes::kParts)), tile(block / uint32_t(Sizes::kParts)) {
    const uint32_t row_tile = tile / uint32_t(Sizes::kColumnTiles) % uint32_t(Sizes::kRowTiles);
    column0 = static_cast<Number>(tile % uint32_t(Sizes::kColumnTiles)) * static_cast<Number>(Sizes::kTileColumns);
    row0 = static_cast<Number>(row_tile) * static_cast<Number>(Sizes::kTileRows);
    product = static_cast<Number>(tile / uint32_t(Sizes::kColumnTiles) / uint32_t(Sizes::kRowTiles));
  }
};

// Sizes: Number, which counts elements; kRows, kColumns, kDepth of a product; kTileRows, kTileColumns of a tile and
// kThreadRows, kThreadColumns of a thread, multiples of four; kSteps of k in a tile; kRowTiles, kColumnTiles; kParts of
// k and kPartDepth, a multiple of kSteps; kDroppedBits of each operand. `parts`: with more than one part, a float for
// each element of each part of each tile; `arrived`: a counter for each tile.
template <typename Sizes, typename Left, typename Right, typename Result>
BILEVEL_INLINE void blocked_product(const BlockOfProduct<Sizes>& block, const Left& left, const Right& right,
                                    const Result& result, float* parts, uint32_t* arrived) {
  typedef typename Sizes::Number Number;
  constexpr uint32_t kRows = Sizes::kThreadRows, kColumns = Sizes::kThreadColumns, kSteps = Sizes::kSteps;
  // A thread's elements are squares of four, as far from each other as they can be: so its neighbours' are beside.
  constexpr uint32_t kRowStride = Sizes::kTileRows / (kRows / 4), kColumnStride = Sizes::kTileColumns / (kColumns / 4);
  constexpr uint32_t kAcross = Sizes::kTileColumns / kColumns;
  constexpr uint32_t kElements = Sizes::kTileRows * Sizes::kTileColumns;
  static_assert(kAcross * (Sizes::kTileRows / kRows) == kThreads, "every thread has a part of the tile");
  typedef Loader<Sizes, Left, Sizes::kTileRows> LeftLoader;
  typedef Loader<Sizes, Right, Sizes::kTileColumns> RightLoader;
  using Lefts = typename LeftLoader::ItsTile[2];
  using Rights = typename RightLoader::ItsTile[2];
  BILEVEL_SHARED(Lefts, lefts);
  BILEVEL_SHARED(Rights, rights);
  const uint32_t x = threadIdx.x % kAcross * 4, y = threadIdx.x / kAcross * 4;
  const Number begin = static_cast<Number>(block.part) * static_cast<Number>(Sizes::kPartDepth);
  const Number rest = static_cast<Number>(Sizes::kDepth) - begin;
  const Number end = begin + (rest < Sizes::kPartDepth ? rest : static_cast<Number>(Sizes::kPartDepth));

  LeftLoader left_loader;
  RightLoader right_loader;
  left_loader.begin(left, block.row0, static_cast<Number>(Sizes::kRows));
  right_loader.begin(right, block.column0, static_cast<Number>(Sizes::kColumns));
  left_loader.read(left, begin, end);
  right_loader.read(right, begin, end);
  float totals[kRows][kColumns] = {};
  uint32_t now = 0;
  for (Number k = begin; k < end; k += static_cast<Number>(kSteps)) {
    left_loader.write(lefts[now]);
    right_loader.write(rights[now]);
    // The other tile is written only behind the next one of these, when all have read it.
    __syncthreads();
    if (k + static_cast<Number>(kSteps) < end) {
      left_loader.read(left, k + static_cast<Number>(kSteps), end);
      right_loader.read(right, k + static_cast<Number>(kSteps), end);
    }
    BILEVEL_UNROLL
    for (uint32_t step = 0; step < kSteps; ++step) {
      float of_rows[kRows], of_columns[kColumns];
      BILEVEL_UNROLL
      for (uint32_t i = 0; i < kRows; i += 4) load4(of_rows + i, lefts[now].at[step] + i / 4 * kRowStride + y);
      BILEVEL_UNROLL
      for (uint32_t j = 0; j < kColumns; j += 4) {
        load4(of_columns + j, rights[now].at[step] + j / 4 * kColumnStride + x);
      }
      BILEVEL_UNROLL
      for (uint32_t i = 0; i < kRows; ++i) {
        BILEVEL_UNROLL
        for (uint32_t j = 0; j < kColumns; ++j) totals[i][j] = __fmaf_rn(of_rows[i], of_columns[j], totals[i][j]);
      }
    }
    now = 1 - now;
  }

  if (Sizes::kParts > 1) {
    float* const own = parts + (static_cast<int64_t>(block.tile) * Sizes::kParts + block.part) * kElements;
    BILEVEL_UNROLL
    for (uint32_t i = 0; i < kRows; ++i) {
      float* const row = own + (i / 4 * kRowStride + y + i % 4) * uint32_t(Sizes::kTileColumns) + x;
      BILEVEL_UNROLL
      for (uint32_t j = 0; j < kColumns; j += 4) store4(row + j / 4 * kColumnStride, totals[i] + j);
    }
    __syncthreads();
    if (!is_last_block(arrived + block.tile, uint32_t(Sizes::kParts))) return;
    const volatile float* const all = parts + static_cast<int64_t>(block.tile) * Sizes::kParts * kElements;
    for (uint32_t at = threadIdx.x; at < kElements; at += kThreads) {
      const Number row = block.row0 + static_cast<Number>(at / uint32_t(Sizes::kTileColumns));
      const Number column = block.column0 + static_cast<Number>(at % uint32_t(Sizes::kTileColumns));
      if (row >= Sizes::kRows || column >= Sizes::kColumns) continue;
      double total = 0.0;
      for (uint32_t part = 0; part < Sizes::kParts; ++part) total += all[part * kElements + at];
      *result.place(row, column) = static_cast<float>(total);
    }
    return;
  }

  BILEVEL_UNROLL
  for (uint32_t i = 0; i < kRows; ++i) {
    const Number row = block.row0 + static_cast<Number>(i / 4 * kRowStride + y + i % 4);
    if (row >= Sizes::kRows) continue;
    BILEVEL_UNROLL
    for (uint32_t j = 0; j < kColumns; j += Result::kNeighbours) {
      const Number column = block.column0 + static_cast<Number>(j / 4 * kColumnStride + x + j % 4);
      if (column >= Sizes::kColumns) continue;
      if (Result::kNeighbours == 4) {
        store4(result.place(row, column), totals[i] + j);
      } else {
        *result.place(row, column) = totals[i][j];
      }
    }
  }
}

// Of elements whose place is a sum of what their line and k come to.
template <typename Number, int64_t kLineStride, int64_t kDepthStride, uint32_t kBeside>
struct MatrixOperand {
  typedef Number Line;
  typedef Number Depth;
  static constexpr bool kAlongDepth = kDepthStride == 1;
  static constexpr uint32_t kNeighbours = kBeside;
  const float* at;

  BILEVEL_INLINE Line line(Number i) const { return i * static_cast<Number>(kLineStride); }
  BILEVEL_INLINE Depth depth(Number k) const { return k * static_cast<Number>(kDepthStride); }
  BILEVEL_INLINE void load(float* to, Line line, Depth depth) const {
    if (kNeighbours == 4) {
      load4(to, at + line + depth);
    } else {
      *to = at[line + depth];
    }
  }
};

template <typename Number, int64_t kColumns, uint32_t kBeside>
struct MatrixResult {
  static constexpr uint32_t kNeighbours = kBeside;
  float* at;

  BILEVEL_INLINE float* place(Number row, Number column) const {
    return at + row * static_cast<Number>(kColumns) + column;
  }
};

// Sizes, beside those of blocked_product(): the strides of a (kRowOfA, kStepOfA) along a row of c and along k, and
// those of b (kColumnOfB, kStepOfB); and how many elements of a, b and c can be moved at once (kNeighboursOfA, ...).
template <typename Sizes>
BILEVEL_INLINE void blocked_matmul(uint32_t number, const float* a, const float* b, float* c, float* parts = nullptr,
                                   uint32_t* arrived = nullptr) {
  typedef typename Sizes::Number Number;
  const BlockOfProduct<Sizes> block(number);
  const MatrixOperand<Number, Sizes::kRowOfA, Sizes::kStepOfA, Sizes::kNeighboursOfA> left{
      a + static_cast<int64_t>(block.product) * (Sizes::kRows * Sizes::kDepth)};
  const MatrixOperand<Number, Sizes::kColumnOfB, Sizes::kStepOfB, Sizes::kNeighboursOfB> right{
      b + static_cast<int64_t>(block.product) * (Sizes::kDepth * Sizes::kColumns)};
  const MatrixResult<Number, Sizes::kColumns, Sizes::kNeighboursOfC> result{c + static_cast<int64_t>(block.product) *
                                                                                    (Sizes::kRows * Sizes::kColumns)};
  blocked_product(block, left, right, result, parts, arrived);
}

}  // namespace bilevel
