// An index tensor: its values are data, so they are checked on every run before they lead anywhere. Those of a bound
// tensor are copied first, because JavaScript can write to its memory between the check and the use.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>

#include "cpu/kernel.h"
#include "cpu/scratch.h"
#include "program/error.h"

namespace bilevel::cpu {

inline DType dtype_of(const Program& program, int32_t buffer) {
  return program.buffers[static_cast<size_t>(buffer)].dtype;
}

class Indices {
 public:
  // `count` indices that must be in 0 .. size - 1.
  Indices(const Program& program, int32_t buffer, int64_t count, int64_t size)
      : buffer_(buffer), wide_(dtype_of(program, buffer) == DType::kInt64), count_(count), size_(size) {
    const bool bound = program.buffers[static_cast<size_t>(buffer)].kind == BufferKind::kBinding;
    if (bound) copy_.emplace(count * (wide_ ? 8 : 4));
  }

  // Calls body(indices) with a pointer to int32_t or int64_t once all of them have been checked. Throws
  // INDEX_OUT_OF_RANGE.
  template <typename Body>
  void with(const Memory& memory, Body&& body) const {
    if (wide_) {
      body(checked(memory.at<const int64_t>(buffer_)));
    } else {
      body(checked(memory.at<const int32_t>(buffer_)));
    }
  }

 private:
  template <typename Index>
  const Index* checked(const Index* indices) const {
    if (copy_) {
      std::memcpy(copy_->at<Index>(), indices, static_cast<size_t>(count_) * sizeof(Index));
      indices = copy_->at<Index>();
    }
    bool inside = true;
    for (int64_t i = 0; i < count_; ++i) inside &= indices[i] >= 0 && indices[i] < size_;
    if (!inside) refuse(indices);
    return indices;
  }

  template <typename Index>
  [[noreturn]] void refuse(const Index* indices) const {
    int64_t at = 0;
    while (indices[at] >= 0 && indices[at] < size_) ++at;
    const std::string range = size_ == 0 ? "no index is possible, the dimension is empty"
                                         : "expected an index in 0 .. " + std::to_string(size_ - 1);
    throw Error("INDEX_OUT_OF_RANGE", "The index at position " + std::to_string(at) + " is " +
                                          std::to_string(indices[at]) + "; " + range + ".");
  }

  int32_t buffer_;
  bool wide_;
  int64_t count_, size_;
  std::optional<Scratch> copy_;
};

}  // namespace bilevel::cpu
