#include "test/fake_cuda/memory.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <mutex>
#include <utility>

namespace bilevel::fake_cuda {
namespace {

using cuda::DevicePointer;

constexpr size_t kPage = 4096, kAlignment = 256, kRoom = size_t{1} << 40;

constexpr size_t round_up(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

std::byte* room() {
  static void* const at = mmap(nullptr, kRoom, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return at == MAP_FAILED ? nullptr : static_cast<std::byte*>(at);
}

// The pages that memory lies in. It ends as near to their end as its alignment allows.
std::byte* pages_of(DevicePointer at) { return reinterpret_cast<std::byte*>(at / kPage * kPage); }
size_t page_bytes(size_t bytes) { return round_up(bytes, kPage); }

template <typename Ranges, typename Address>
bool holds_range(const Ranges& ranges, Address at, size_t bytes) {
  auto next = ranges.upper_bound(at);
  if (next == ranges.begin()) return false;
  --next;
  return bytes <= next->second && static_cast<size_t>(at - next->first) <= next->second - bytes;
}

}  // namespace

bool is_on_device(const void* at) {
  const auto* const address = static_cast<const std::byte*>(at);
  return room() != nullptr && address >= room() && address < room() + kRoom;
}

DeviceMemory::~DeviceMemory() {
  while (!sizes_.empty()) remove(sizes_.begin()->first);
}

DevicePointer DeviceMemory::add(size_t bytes) {
  static std::mutex mutex;
  static size_t used = kPage;
  const std::lock_guard lock(mutex);
  const size_t pages = page_bytes(bytes);
  if (room() == nullptr || pages > kRoom - used - kPage) return 0;
  std::byte* const first = room() + used;
  if (mprotect(first, pages, PROT_READ | PROT_WRITE) != 0) return 0;
  used += pages + kPage;
  std::memset(first, 0xff, pages);
  mprotect(first, pages, PROT_NONE);
  const auto at = reinterpret_cast<DevicePointer>(first + pages - round_up(bytes, kAlignment));
  sizes_[at] = bytes;
  bytes_ += bytes;
  ++added_;
  return at;
}

bool DeviceMemory::remove(DevicePointer at) {
  const auto found = sizes_.find(at);
  if (found == sizes_.end()) return false;
  mprotect(pages_of(at), page_bytes(found->second), PROT_NONE);
  madvise(pages_of(at), page_bytes(found->second), MADV_DONTNEED);
  bytes_ -= found->second;
  sizes_.erase(found);
  return true;
}

bool DeviceMemory::holds(DevicePointer at, size_t bytes) const { return holds_range(sizes_, at, bytes); }

void DeviceMemory::open(bool open) const {
  for (const auto& [at, bytes] : sizes_) {
    mprotect(pages_of(at), page_bytes(bytes), open ? PROT_READ | PROT_WRITE : PROT_NONE);
  }
}

HostMemory::~HostMemory() {
  for (const auto& [at, bytes] : own_) std::free(const_cast<std::byte*>(at));
}

void* HostMemory::add(size_t bytes) {
  void* const at = std::aligned_alloc(kPage, page_bytes(bytes));
  if (at == nullptr) return nullptr;
  std::memset(at, 0xff, bytes);
  own_[static_cast<std::byte*>(at)] = bytes;
  return at;
}

bool HostMemory::remove(void* at) {
  if (own_.erase(static_cast<std::byte*>(at)) == 0) return false;
  std::free(at);
  return true;
}

bool HostMemory::add_foreign(void* at, size_t bytes) {
  if (holds(at, 1)) return false;
  foreign_[static_cast<std::byte*>(at)] = bytes;
  return true;
}

bool HostMemory::remove_foreign(void* at) { return foreign_.erase(static_cast<std::byte*>(at)) > 0; }

bool HostMemory::holds(const void* at, size_t bytes) const {
  const auto* const address = static_cast<const std::byte*>(at);
  return holds_range(own_, address, bytes) || holds_range(foreign_, address, bytes);
}

}  // namespace bilevel::fake_cuda
