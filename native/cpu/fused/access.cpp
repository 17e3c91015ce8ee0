#include "cpu/fused/access.h"

#include <algorithm>
#include <cstring>

namespace bilevel::cpu {

Access::Access(const View& view, DType dtype, std::span<const int64_t> sizes, std::span<const int64_t> strides)
    : buffer_(view.buffer), dtype_(dtype), bytes_(kDTypeBytes[static_cast<size_t>(dtype)]), offset_(view.offset) {
  for (size_t d = 0; d < sizes.size(); ++d) {
    count_ *= sizes[d];
    if (sizes[d] == 1) continue;
    if (rank_ > 0 && strides_[rank_ - 1] == strides[d] * sizes[d]) {
      sizes_[rank_ - 1] *= sizes[d];
      strides_[rank_ - 1] = strides[d];
    } else {
      sizes_[rank_] = sizes[d];
      strides_[rank_++] = strides[d];
    }
  }
  if (rank_ == 1 && strides_[0] == 0) rank_ = 0;
}

// Calls body(offset, run_stride, stride, runs, length) for pieces that follow each other in the iteration order.
template <typename Body>
void Access::walk(int64_t begin, int64_t n, Body&& body) const {
  if (rank_ == 0) {
    body(int64_t{0}, int64_t{0}, int64_t{0}, int64_t{1}, n);
    return;
  }
  const int last = rank_ - 1;
  int64_t index[kMostDimensions];
  int64_t offset = 0;
  for (int d = last; d >= 0; --d) {
    index[d] = d == 0 ? begin : begin % sizes_[d];
    begin /= sizes_[d];
    offset += index[d] * strides_[d];
  }
  while (n > 0) {
    int64_t length = std::min(n, sizes_[last] - index[last]);
    int64_t runs = 1;
    int advanced = last;
    if (last > 0 && length == sizes_[last]) {
      runs = std::min(n / length, sizes_[last - 1] - index[last - 1]);
      advanced = last - 1;
    }
    body(offset, last > 0 ? strides_[last - 1] : int64_t{0}, strides_[last], runs, length);
    n -= runs * length;
    const int64_t steps = advanced == last ? length : runs;
    index[advanced] += steps;
    offset += steps * strides_[advanced];
    for (int d = advanced; d > 0 && index[d] == sizes_[d]; --d) {
      offset += strides_[d - 1] - sizes_[d] * strides_[d];
      index[d] = 0;
      ++index[d - 1];
    }
  }
}

std::byte* Access::address(const Memory& memory, int64_t begin) const {
  int64_t offset = offset_;
  for (int d = rank_ - 1; d >= 0; --d) {
    offset += (d == 0 ? begin : begin % sizes_[d]) * strides_[d];
    begin /= sizes_[d];
  }
  return memory.at<std::byte>(buffer_, offset * bytes_);
}

const void* Access::fetch(const VectorLoops& loops, const Memory& memory, int64_t begin, int64_t n, void* reg) const {
  if (rank_ > 0 && run() > 0 && (rank_ == 1 || begin % run() + n <= run())) return address(memory, begin);
  load(loops, memory, begin, n, reg);
  return reg;
}

void Access::load(const VectorLoops& loops, const Memory& memory, int64_t begin, int64_t n, void* reg) const {
  const auto load_runs = loops.load[static_cast<size_t>(dtype_)];
  const std::byte* base = memory.at<std::byte>(buffer_, offset_ * bytes_);
  auto* to = static_cast<std::byte*>(reg);
  const int64_t register_bytes = is_float() ? 4 : 8;
  walk(begin, n, [&](int64_t offset, int64_t run_stride, int64_t stride, int64_t runs, int64_t length) {
    const std::byte* from = base + offset * bytes_;
    if (run_stride == 0 && runs > 1 && stride != 0) {
      // A pattern that repeats: copy what is already there, twice as much every time.
      load_runs(to, from, 0, stride, 1, length);
      const int64_t total = runs * length * register_bytes;
      for (int64_t done = length * register_bytes; done < total; done *= 2) {
        std::memcpy(to + done, to, static_cast<size_t>(std::min(done, total - done)));
      }
    } else {
      load_runs(to, from, run_stride, stride, runs, length);
    }
    to += runs * length * register_bytes;
  });
}

void Access::store(const VectorLoops& loops, const Memory& memory, int64_t begin, int64_t n, const void* reg) const {
  const auto store_runs = loops.store[static_cast<size_t>(dtype_)];
  std::byte* base = memory.at<std::byte>(buffer_, offset_ * bytes_);
  const auto* from = static_cast<const std::byte*>(reg);
  const int64_t register_bytes = is_float() ? 4 : 8;
  walk(begin, n, [&](int64_t offset, int64_t run_stride, int64_t stride, int64_t runs, int64_t length) {
    store_runs(base + offset * bytes_, from, run_stride, stride, runs, length);
    from += runs * length * register_bytes;
  });
}

}  // namespace bilevel::cpu
