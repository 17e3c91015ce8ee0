// Memory that a kernel allocates once, when it is made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

namespace bilevel::cpu {

inline constexpr int64_t kCacheLine = 64;

constexpr int64_t round_up(int64_t value, int64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

// Zeroed bytes that begin at a cache line.
class Scratch {
 public:
  Scratch() = default;
  explicit Scratch(int64_t bytes);

  template <typename T>
  T* at(int64_t byte_offset = 0) const {
    return reinterpret_cast<T*>(data_.get() + byte_offset);
  }

 private:
  struct Free {
    void operator()(std::byte* data) const { std::free(data); }
  };
  std::unique_ptr<std::byte[], Free> data_;
};

inline Scratch::Scratch(int64_t bytes) {
  const auto size = static_cast<size_t>(round_up(bytes > 0 ? bytes : 1, kCacheLine));
  data_.reset(static_cast<std::byte*>(std::aligned_alloc(kCacheLine, size)));
  if (!data_) throw std::bad_alloc();
  for (size_t i = 0; i < size; ++i) data_[i] = std::byte{0};
}

}  // namespace bilevel::cpu
