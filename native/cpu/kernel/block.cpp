#include "cpu/kernel/block.h"

#include <cstdlib>
#include <string>

#include "program/error.h"

#ifdef _WIN32
#include <windows.h>
#else
#include <sys/mman.h>
#endif

namespace bilevel::cpu {
namespace {

// Null when it is refused.
std::byte* map(int64_t bytes) {
#ifdef _WIN32
  return static_cast<std::byte*>(
      VirtualAlloc(nullptr, static_cast<size_t>(bytes), MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE));
#else
  void* const memory =
      mmap(nullptr, static_cast<size_t>(bytes), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? nullptr : static_cast<std::byte*>(memory);
#endif
}

void unmap(std::byte* memory, int64_t bytes) {
#ifdef _WIN32
  static_cast<void>(bytes);
  VirtualFree(memory, 0, MEM_RELEASE);
#else
  munmap(memory, static_cast<size_t>(bytes));
#endif
}

}  // namespace

Block::Block(int64_t bytes) {
  const bool mapped = bytes >= kMapped;
  const int64_t size = mapped ? bytes : bytes + kAlignment;
  memory_ = {mapped ? map(size) : static_cast<std::byte*>(std::calloc(static_cast<size_t>(size), 1)),
             Free{mapped ? size : 0}};
  if (!memory_) throw Error("LIMIT_EXCEEDED", "Cannot allocate " + std::to_string(bytes) + " bytes for a program.");
  const auto address = reinterpret_cast<uintptr_t>(memory_.get());
  data_ = memory_.get() + (kAlignment - address % kAlignment) % kAlignment;
}

void Block::Free::operator()(std::byte* memory) const {
  if (mapped > 0) {
    unmap(memory, mapped);
  } else {
    std::free(memory);
  }
}

}  // namespace bilevel::cpu
