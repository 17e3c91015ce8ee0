// Integer arithmetic that reports overflow: every size of an untrusted program goes through it.
#pragma once

#include <cstdint>

namespace bilevel {

// Each returns false when the result does not fit, and leaves `result` unspecified then.
[[nodiscard]] inline bool checked_add(int64_t a, int64_t b, int64_t& result) {
  return !__builtin_add_overflow(a, b, &result);
}

[[nodiscard]] inline bool checked_multiply(int64_t a, int64_t b, int64_t& result) {
  return !__builtin_mul_overflow(a, b, &result);
}

}  // namespace bilevel
