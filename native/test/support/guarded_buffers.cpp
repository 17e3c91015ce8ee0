#include "test/support/guarded_buffers.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "test/support/test.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) static_cast<void>(size)
#define ASAN_UNPOISON_MEMORY_REGION(address, size) static_cast<void>(size)
#endif

namespace bilevel::test {
namespace {

constexpr size_t kGuard = 128;
constexpr std::byte kGuardByte{0xA5}, kNaN{0xFF};

template <typename T>
T read_as(const std::byte* from, size_t index) {
  T value;
  std::memcpy(&value, from + index * sizeof(T), sizeof(T));
  return value;
}

template <typename T>
void write_as(std::byte* to, size_t index, double value) {
  const T converted = static_cast<T>(value);
  std::memcpy(to + index * sizeof(T), &converted, sizeof(T));
}

}  // namespace

// [guard | data, up to a multiple of the guard | guard]; what follows the data counts as guard.
struct GuardedBuffers::Block {
  struct Free {
    void operator()(std::byte* memory) const { std::free(memory); }
  };
  size_t size, total;
  std::unique_ptr<std::byte[], Free> memory;

  explicit Block(size_t bytes) : size(bytes), total((bytes + 3 * kGuard - 1) / kGuard * kGuard) {
    memory.reset(static_cast<std::byte*>(std::aligned_alloc(kGuard, total)));
    std::memset(memory.get(), static_cast<int>(kGuardByte), total);
    std::memset(memory.get() + kGuard, static_cast<int>(kNaN), size);
    poison();
  }
  Block(Block&&) = default;
  ~Block() {
    if (memory) unpoison();
  }
  std::byte* data() const { return memory.get() + kGuard; }
  void poison() const {
    ASAN_POISON_MEMORY_REGION(memory.get(), kGuard);
    ASAN_POISON_MEMORY_REGION(data() + size, total - kGuard - size);
  }
  void unpoison() const { ASAN_UNPOISON_MEMORY_REGION(memory.get(), total); }
  bool is_intact() const {
    unpoison();
    bool intact = true;
    for (size_t i = 0; i < total; ++i) {
      if (i < kGuard || i >= kGuard + size) intact = intact && memory[i] == kGuardByte;
    }
    poison();
    return intact;
  }
};

GuardedBuffers::GuardedBuffers() = default;
GuardedBuffers::~GuardedBuffers() = default;

std::byte* GuardedBuffers::data(int32_t buffer) const { return blocks_[static_cast<size_t>(buffer)].data(); }

int32_t GuardedBuffers::add_result(DType dtype, int64_t count) {
  const auto index = static_cast<int32_t>(blocks_.size());
  program_.bindings.push_back({dtype, count, Access::kReadWrite, false});
  program_.buffers.push_back({BufferKind::kBinding, index, dtype, count});
  blocks_.emplace_back(static_cast<size_t>(count * kDTypeBytes[static_cast<size_t>(dtype)]));
  return index;
}

int32_t GuardedBuffers::add(DType dtype, const std::vector<double>& values) {
  const int32_t buffer = add_result(dtype, static_cast<int64_t>(values.size()));
  for (size_t i = 0; i < values.size(); ++i) {
    switch (dtype) {
      case DType::kFloat32:
        write_as<float>(data(buffer), i, values[i]);
        break;
      case DType::kInt32:
        write_as<int32_t>(data(buffer), i, values[i]);
        break;
      case DType::kInt64:
        write_as<int64_t>(data(buffer), i, values[i]);
        break;
      case DType::kBool:
        write_as<uint8_t>(data(buffer), i, values[i]);
        break;
    }
  }
  return buffer;
}

void GuardedBuffers::run(const std::function<void(std::byte* const*)>& body) {
  std::vector<std::byte*> addresses;
  for (const Block& block : blocks_) addresses.push_back(block.data());
  body(addresses.data());
  for (size_t i = 0; i < blocks_.size(); ++i) CHECK(blocks_[i].is_intact(), "buffer", i);
}

std::vector<double> GuardedBuffers::values(int32_t buffer) const {
  const Buffer& description = program_.buffers[static_cast<size_t>(buffer)];
  std::vector<double> values(static_cast<size_t>(description.element_count));
  for (size_t i = 0; i < values.size(); ++i) {
    switch (description.dtype) {
      case DType::kFloat32:
        values[i] = static_cast<double>(read_as<float>(data(buffer), i));
        break;
      case DType::kInt32:
        values[i] = read_as<int32_t>(data(buffer), i);
        break;
      case DType::kInt64:
        values[i] = static_cast<double>(read_as<int64_t>(data(buffer), i));
        break;
      case DType::kBool:
        values[i] = read_as<uint8_t>(data(buffer), i);
        break;
    }
  }
  return values;
}

std::vector<std::byte> GuardedBuffers::bytes(int32_t buffer) const {
  const Block& block = blocks_[static_cast<size_t>(buffer)];
  return {block.data(), block.data() + block.size};
}

GuardedBuffers::Contents GuardedBuffers::contents() const {
  Contents contents;
  for (size_t i = 0; i < blocks_.size(); ++i) contents.push_back(bytes(static_cast<int32_t>(i)));
  return contents;
}

void GuardedBuffers::set_contents(const Contents& contents) {
  for (size_t i = 0; i < blocks_.size(); ++i) std::copy(contents[i].begin(), contents[i].end(), blocks_[i].data());
}

}  // namespace bilevel::test
