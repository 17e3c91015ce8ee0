// What is said of an index tensor with a value that leads nowhere.
#pragma once

#include <cstdint>

namespace bilevel {

// Throws INDEX_OUT_OF_RANGE: indices of a dimension of `size` are 0 to `size` - 1.
[[noreturn]] void refuse_index(int64_t position, int64_t value, int64_t size);

// Where a row of a sparse matrix has its entries.
struct Extent {
  int32_t begin, count;

  bool is_within(int64_t entries) const {
    return begin >= 0 && count >= 0 && int64_t{begin} + int64_t{count} <= entries;
  }
};

// Throws INDEX_OUT_OF_RANGE: the extent of this row is not within the `entries` that there are.
[[noreturn]] void refuse_extent(int64_t row, Extent extent, int64_t entries);

}  // namespace bilevel
