// What is said of an index tensor with a value that leads nowhere.
#pragma once

#include <cstdint>

namespace bilevel {

// Throws INDEX_OUT_OF_RANGE: indices of a dimension of `size` are 0 to `size` - 1.
[[noreturn]] void refuse_index(int64_t position, int64_t value, int64_t size);

}  // namespace bilevel
