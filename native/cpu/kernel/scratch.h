// Memory that a kernel allocates once, when it is made.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "cpu/kernel/block.h"

namespace bilevel::cpu {

inline constexpr int64_t kCacheLine = 64;
static_assert(kAlignment == kCacheLine);

constexpr int64_t round_up(int64_t value, int64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

// Zeroed bytes that begin at a cache line, and end with one; all are touched when they are made.
class Scratch {
 public:
  Scratch() = default;
  explicit Scratch(int64_t bytes) : block_(round_up(std::max<int64_t>(bytes, 1), kCacheLine)) {
    std::fill_n(block_.data(), round_up(std::max<int64_t>(bytes, 1), kCacheLine), std::byte{0});
  }

  template <typename T>
  T* at(int64_t byte_offset = 0) const {
    return reinterpret_cast<T*>(block_.data() + byte_offset);
  }

 private:
  Block block_;
};

}  // namespace bilevel::cpu
