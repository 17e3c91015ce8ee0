// An index tensor: its values are data, so they are checked on every run before they lead anywhere. Those of a bound
// tensor are copied first, because JavaScript can write to its memory between the check and the use.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>

#include "cpu/kernel/kernel.h"
#include "cpu/kernel/parallel.h"
#include "cpu/kernel/scratch.h"
#include "cpu/vector/vector_loops.h"
#include "program/index_error.h"
#include "program/program.h"

namespace bilevel::cpu {

inline DType dtype_of(const Program& program, int32_t buffer) {
  return program.buffers[static_cast<size_t>(buffer)].dtype;
}

class Indices {
 public:
  // `count` indices that must be in 0 .. size - 1.
  Indices(const Program& program, int32_t buffer, int64_t count, int64_t size, int threads)
      : buffer_(buffer),
        wide_(dtype_of(program, buffer) == DType::kInt64),
        count_(count),
        size_(size),
        threads_(useful_threads(count * (wide_ ? 4 : 2), threads)) {
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
    Index* copy = copy_ ? copy_->at<Index>() : nullptr;
    std::atomic<bool> inside = true;
    parallel(threads_, [&](int part) {
      const auto [begin, end] = share(count_, part, threads_);
      const Index* mine = indices + begin;
      if (copy) mine = std::copy(mine, indices + end, copy + begin) - (end - begin);
      if (!are_inside(mine, end - begin)) inside = false;
    });
    if (copy) indices = copy;
    if (!inside) refuse(indices);
    return indices;
  }

  bool are_inside(const int32_t* indices, int64_t n) const { return loops_.indexing.inside32(indices, n, size_); }
  bool are_inside(const int64_t* indices, int64_t n) const { return loops_.indexing.inside64(indices, n, size_); }

  template <typename Index>
  [[noreturn]] void refuse(const Index* indices) const {
    int64_t at = 0;
    while (indices[at] >= 0 && indices[at] < size_) ++at;
    refuse_index(at, indices[at], size_);
  }

  int32_t buffer_;
  bool wide_;
  int64_t count_, size_;
  int threads_;
  const VectorLoops& loops_ = vector_loops();
  std::optional<Scratch> copy_;
};

}  // namespace bilevel::cpu
