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

}  // namespace bilevel
