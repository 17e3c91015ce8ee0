// Products with sparse matrices: no entry is added in the order of arrival. Sizes of all: Number, kElements, kBatch,
// kRows, kSize, kColumns, kEntries.
#pragma once

#include "cuda/kernels/index.cuh"

namespace bilevel {

// The entries begin .. end - 1 of a row; none of one that is not within the entries, which is reported behind the
// positions of the indices.
struct Entries {
  int64_t begin, end;
};

template <typename Sizes>
BILEVEL_INLINE Entries checked_entries(const int32_t* extents, int64_t row, WrongIndex* wrong) {
  const int64_t begin = extents[2 * row], count = extents[2 * row + 1];
  if (begin >= 0 && count >= 0 && begin + count <= Sizes::kEntries) return {begin, begin + count};
  const uint64_t both = static_cast<uint64_t>(static_cast<uint32_t>(count)) << 32 | static_cast<uint32_t>(begin);
  report_wrong_index(wrong, Sizes::kEntries + row, static_cast<int64_t>(both));
  return {0, 0};
}

// A thread for each element of y.
template <typename Sizes>
BILEVEL_INLINE void sparse_matmul(uint32_t block, const float* values, const int32_t* indices, const int32_t* extents,
                                  const float* x, float* y, WrongIndex* wrong) {
  const int64_t at = thread_number<typename Sizes::Number>(block);
  if (at >= Sizes::kElements) return;
  const int64_t row = at / Sizes::kColumns, column = at % Sizes::kColumns;
  const Entries entries = checked_entries<Sizes>(extents, row, wrong);
  x += row / Sizes::kRows * Sizes::kSize * Sizes::kColumns + column;
  float total = 0.0f;
  for (int64_t k = entries.begin; k < entries.end; ++k) {
    const int64_t index = checked_index(indices, k, Sizes::kSize, wrong);
    if (index >= 0) total = __fmaf_rn(values[k], x[index * Sizes::kColumns], total);
  }
  y[at] = total;
}

// A thread for each column of x and kShare columns of the sparse matrix, which looks at all entries.
template <typename Sizes>
BILEVEL_INLINE void sparse_matmul_transposed(uint32_t block, const float* values, const int32_t* indices,
                                             const int32_t* extents, const float* x, float* y, WrongIndex* wrong) {
  constexpr int64_t kShares = (Sizes::kSize + Sizes::kShare - 1) / Sizes::kShare;
  const int64_t at = thread_number<typename Sizes::Number>(block);
  if (at >= Sizes::kElements) return;
  const int64_t column = at % Sizes::kColumns, begin = at / Sizes::kColumns % kShares * Sizes::kShare;
  const int64_t end = begin + Sizes::kShare < Sizes::kSize ? begin + Sizes::kShare : Sizes::kSize;
  const int64_t product = at / Sizes::kColumns / kShares;
  y += product * Sizes::kSize * Sizes::kColumns + column;
  for (int64_t index = begin; index < end; ++index) y[index * Sizes::kColumns] = 0.0f;
  for (int64_t row = product * Sizes::kRows; row < (product + 1) * Sizes::kRows; ++row) {
    const Entries entries = checked_entries<Sizes>(extents, row, wrong);
    for (int64_t k = entries.begin; k < entries.end; ++k) {
      const int64_t index = checked_index(indices, k, Sizes::kSize, wrong);
      if (index < begin || index >= end) continue;
      float* const to = y + index * Sizes::kColumns;
      *to = __fmaf_rn(values[k], x[row * Sizes::kColumns + column], *to);
    }
  }
}

// A thread for each entry, which looks at all rows for those that have it.
template <typename Sizes>
BILEVEL_INLINE void sampled_matmul(uint32_t block, const int32_t* indices, const int32_t* extents, const float* a,
                                   const float* b, float* values, WrongIndex* wrong) {
  const int64_t at = thread_number<typename Sizes::Number>(block);
  if (at >= Sizes::kElements) return;
  float total = 0.0f;
  for (int64_t row = 0; row < Sizes::kBatch * Sizes::kRows; ++row) {
    const Entries entries = checked_entries<Sizes>(extents, row, wrong);
    if (at < entries.begin || at >= entries.end) continue;
    const int64_t index = checked_index(indices, at, Sizes::kSize, wrong);
    if (index < 0) continue;
    const float* const left = a + row * Sizes::kColumns;
    const float* const right = b + (row / Sizes::kRows * Sizes::kSize + index) * Sizes::kColumns;
    for (int64_t i = 0; i < Sizes::kColumns; ++i) total = __fmaf_rn(left[i], right[i], total);
  }
  values[at] = total;
}

}  // namespace bilevel
