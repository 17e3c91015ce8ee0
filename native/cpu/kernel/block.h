// Memory whose size a program decides. Above kMapped bytes it comes from the operating system and not from the
// allocator: that of Electron ends the process when it is asked for 2 GiB in one piece, and that of C maps such blocks
// itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "program/limits.h"

namespace bilevel::cpu {

// Zeroed bytes, so that no program can read what was in memory before it, that begin at a multiple of kAlignment. The
// operating system provides the pages when they are first touched.
class Block {
 public:
  static constexpr int64_t kMapped = int64_t{32} << 20;  // glibc never maps smaller blocks alone for good

  Block() = default;
  // Throws LIMIT_EXCEEDED when there is not enough memory.
  explicit Block(int64_t bytes);

  std::byte* data() const { return data_; }

 private:
  struct Free {
    int64_t mapped;  // bytes; 0 for memory of the allocator
    void operator()(std::byte* memory) const;
  };
  std::unique_ptr<std::byte[], Free> memory_{nullptr, Free{0}};
  std::byte* data_ = nullptr;
};

}  // namespace bilevel::cpu
