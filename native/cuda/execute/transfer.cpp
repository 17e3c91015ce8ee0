#include "cuda/execute/transfer.h"

#include <cstring>
#include <utility>

#include "cuda/context/memory.h"

namespace bilevel::cuda {
namespace {

constexpr int64_t kSmall = int64_t{64} << 10;

}  // namespace

Transfer::Transfer(std::vector<Carried> arrays, int64_t rows)
    : arrays_(std::move(arrays)), rows_(rows), places_(arrays_.size()) {
  const auto place = [&](auto&& belongs) {
    for (size_t i = 0; i < arrays_.size(); ++i) {
      if (!belongs(i)) continue;
      places_[i] = bytes_;
      bytes_ += aligned(arrays_[i].row_bytes * rows_);
    }
  };
  place([&](size_t i) { return is_small(i) && !arrays_[i].returns; });
  returning_begin_ = bytes_;
  place([&](size_t i) { return is_small(i) && arrays_[i].returns && arrays_[i].goes; });
  going_end_ = bytes_;
  place([&](size_t i) { return is_small(i) && arrays_[i].returns && !arrays_[i].goes; });
  pinned_bytes_ = bytes_;
  place([&](size_t i) { return !is_small(i); });
}

bool Transfer::is_small(size_t array) const { return arrays_[array].row_bytes * rows_ <= kSmall; }

void Transfer::send(Queue& queue, std::span<std::byte* const> arrays, std::byte* pinned, DevicePointer memory) const {
  for (size_t i = 0; i < arrays_.size(); ++i) {
    const int64_t bytes = arrays_[i].row_bytes * rows_;
    if (!arrays_[i].goes || bytes == 0) continue;
    if (is_small(i)) {
      std::memcpy(pinned + places_[i], arrays[i], static_cast<size_t>(bytes));
    } else {
      queue.copy_to_device(memory + static_cast<DevicePointer>(places_[i]), arrays[i], bytes);
    }
  }
  queue.copy_to_device(memory, pinned, going_end_);
}

void Transfer::fetch(Queue& queue, std::span<std::byte* const> arrays, std::byte* pinned, DevicePointer memory,
                     int64_t rows) const {
  for (size_t i = 0; i < arrays_.size(); ++i) {
    if (!arrays_[i].returns || is_small(i)) continue;
    queue.copy_to_host(arrays[i], memory + static_cast<DevicePointer>(places_[i]), arrays_[i].row_bytes * rows);
  }
  queue.copy_to_host(pinned + returning_begin_, memory + static_cast<DevicePointer>(returning_begin_),
                     pinned_bytes_ - returning_begin_);
}

void Transfer::unpack(std::span<std::byte* const> arrays, const std::byte* pinned, int64_t rows) const {
  for (size_t i = 0; i < arrays_.size(); ++i) {
    const int64_t bytes = arrays_[i].row_bytes * rows;
    if (!arrays_[i].returns || !is_small(i) || bytes == 0) continue;
    std::memcpy(arrays[i], pinned + places_[i], static_cast<size_t>(bytes));
  }
}

}  // namespace bilevel::cuda
