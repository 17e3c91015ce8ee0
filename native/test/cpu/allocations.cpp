#include "test/cpu/allocations.h"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

std::atomic<int64_t> count = 0;
std::atomic<size_t> largest = 0;
std::atomic<int64_t> refused = -1;

void* allocate(size_t size, size_t alignment) {
  if (count.fetch_add(1, std::memory_order_relaxed) == refused) throw std::bad_alloc();
  for (size_t seen = largest; size > seen && !largest.compare_exchange_weak(seen, size);) continue;
  void* memory = nullptr;
  if (posix_memalign(&memory, alignment, size) != 0) throw std::bad_alloc();
  return memory;
}

}  // namespace

namespace bilevel::test {

Allocations allocations_during(const std::function<void()>& body) {
  const int64_t before = count;
  largest = 0;
  body();
  return {count - before, static_cast<int64_t>(largest)};
}

bool refuses_allocation(int64_t which, const std::function<void()>& body) {
  const int64_t last = count + which;
  refused = last;
  try {
    body();
  } catch (...) {
    refused = -1;
    throw;
  }
  refused = -1;
  return count > last;
}

}  // namespace bilevel::test

// The array and nothrow forms of the standard library call these.
void* operator new(size_t size) { return allocate(size, alignof(std::max_align_t)); }
void* operator new(size_t size, std::align_val_t alignment) { return allocate(size, static_cast<size_t>(alignment)); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }
