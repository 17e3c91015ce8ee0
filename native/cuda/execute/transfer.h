// Arrays that a run takes to the device and brings back. Those of up to 64 KB travel together, through memory that the
// device copies from by itself: one copy each way, however many they are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "cuda/context/queue.h"

namespace bilevel::cuda {

// An array of rows of equal size.
struct Carried {
  int64_t row_bytes;
  bool goes, returns;
};

class Transfer {
 public:
  explicit Transfer(std::vector<Carried> arrays, int64_t rows = 1);

  // What the device needs for all, and where in it each one is.
  int64_t bytes() const { return bytes_; }
  int64_t place(size_t array) const { return places_[array]; }
  // Of the host, as much as what is small.
  int64_t pinned_bytes() const { return pinned_bytes_; }

  // `arrays`: where each one is in the host's memory. `pinned` and `memory`: the memory asked for, which belongs to
  // this transfer until what was queued is done. All rows go; of those that return, the first `rows`.
  void send(Queue& queue, std::span<std::byte* const> arrays, std::byte* pinned, DevicePointer memory) const;
  void fetch(Queue& queue, std::span<std::byte* const> arrays, std::byte* pinned, DevicePointer memory,
             int64_t rows) const;
  // When that has been done: what is small to where it belongs.
  void unpack(std::span<std::byte* const> arrays, const std::byte* pinned, int64_t rows) const;

 private:
  bool is_small(size_t array) const;

  std::vector<Carried> arrays_;
  int64_t rows_, bytes_ = 0, pinned_bytes_ = 0;
  std::vector<int64_t> places_;
  // What is small lies in the order: goes, goes and returns, returns.
  int64_t going_end_ = 0, returning_begin_ = 0;
};

}  // namespace bilevel::cuda
