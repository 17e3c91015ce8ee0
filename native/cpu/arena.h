// One aligned block that holds all intermediate values of a program, and another for its constants.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "program/error.h"
#include "program/limits.h"

namespace bilevel::cpu {

class Arena {
 public:
  // Zeroed, so that no program can read what was in memory before it. The operating system provides the pages when they
  // are first touched.
  explicit Arena(int64_t bytes) : block_(std::calloc(static_cast<size_t>(bytes + kAlignment), 1)) {
    if (!block_) throw Error("LIMIT_EXCEEDED", "Cannot allocate " + std::to_string(bytes) + " bytes for a program.");
    const auto address = reinterpret_cast<uintptr_t>(block_.get());
    const auto padding = (kAlignment - address % kAlignment) % kAlignment;
    data_ = static_cast<std::byte*>(block_.get()) + padding;
  }

  std::byte* data() const { return data_; }

 private:
  struct Free {
    void operator()(void* block) const { std::free(block); }
  };
  std::unique_ptr<void, Free> block_;
  std::byte* data_;
};

}  // namespace bilevel::cpu
