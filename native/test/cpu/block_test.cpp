// Memory whose size a program decides: zeroed, aligned, given back, and refused with an error.
#include "cpu/kernel/block.h"

#include <cstring>
#include <string>
#include <utility>

#include "cpu/kernel/scratch.h"
#include "program/error.h"
#include "test/support/test.h"

namespace bilevel {
namespace {

using cpu::Block;

bool is_aligned(const void* address) { return reinterpret_cast<uintptr_t>(address) % kAlignment == 0; }

TEST(blocks_are_zeroed_and_aligned_whether_mapped_or_not) {
  for (const int64_t bytes :
       {int64_t{0}, int64_t{1}, int64_t{1000}, Block::kMapped - 1, Block::kMapped, Block::kMapped + 12345}) {
    // Twice, so that the second may be given the memory of the first.
    for (int round = 0; round < 2; ++round) {
      const Block block(bytes);
      CHECK(is_aligned(block.data()), bytes);
      for (int64_t i = 0; i < bytes; ++i) CHECK(block.data()[i] == std::byte{0}, bytes, i);
      std::memset(block.data(), 0xa5, static_cast<size_t>(bytes));
    }
  }
}

TEST(blocks_of_more_than_2_GiB_are_mapped) {
  constexpr int64_t kBytes = (int64_t{1} << 31) + (int64_t{1} << 28);
  Block block(kBytes);
  block.data()[kBytes - 1] = std::byte{1};
  const Block moved = std::move(block);
  CHECK(moved.data()[kBytes - 1] == std::byte{1} && moved.data()[0] == std::byte{0});
}

TEST(blocks_that_are_refused_say_so) {
  for (const int64_t bytes : {kMaxBytes, int64_t{1} << 60}) {
    try {
      const Block block(bytes);
      CHECK(false, bytes);
    } catch (const Error& error) {
      CHECK(std::string(error.code()) == "LIMIT_EXCEEDED", error.code());
      CHECK(std::string(error.what()) == "Cannot allocate " + std::to_string(bytes) + " bytes for a program.");
    }
  }
}

TEST(scratch_memory_is_whole_cache_lines) {
  for (const int64_t bytes : {0, 1, 64, 65}) {
    const cpu::Scratch scratch(bytes);
    CHECK(is_aligned(scratch.at<float>()));
    const int64_t whole = cpu::round_up(bytes > 0 ? bytes : 1, cpu::kCacheLine);
    for (int64_t i = 0; i < whole; ++i) CHECK(scratch.at<std::byte>()[i] == std::byte{0});
  }
}

}  // namespace
}  // namespace bilevel
