#include "program/index_error.h"

#include <string>

#include "program/error.h"

namespace bilevel {

void refuse_index(int64_t position, int64_t value, int64_t size) {
  const std::string range = size == 0 ? "no index is possible, the dimension is empty"
                                      : "expected an index in 0 .. " + std::to_string(size - 1);
  throw Error("INDEX_OUT_OF_RANGE", "The index at position " + std::to_string(position) + " is " +
                                        std::to_string(value) + "; " + range + ".");
}

void refuse_extent(int64_t row, Extent extent, int64_t entries) {
  throw Error("INDEX_OUT_OF_RANGE", "The row at position " + std::to_string(row) + " has " +
                                        std::to_string(extent.count) + " entries from " + std::to_string(extent.begin) +
                                        " on; there are " + std::to_string(entries) + ".");
}

}  // namespace bilevel
