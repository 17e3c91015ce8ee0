// Memory of the fake device, which is the host's and which nothing but work of a stream may touch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

#include "cuda/libraries/driver.h"

namespace bilevel::fake_cuda {

// A context's memory on its device. Full of floats that are NaN when it is new; what lies before and behind it is
// nobody's, and what was freed is never given again.
class DeviceMemory {
 public:
  DeviceMemory() = default;
  ~DeviceMemory();
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;

  // 0 where there is not as much in the process's address space.
  cuda::DevicePointer add(size_t bytes);
  bool remove(cuda::DevicePointer at);
  bool holds(cuda::DevicePointer at, size_t bytes) const;
  // Whether it may be touched.
  void open(bool open) const;

  int64_t count() const { return static_cast<int64_t>(sizes_.size()); }
  // How often memory was added.
  int64_t added() const { return added_; }
  size_t bytes() const { return bytes_; }

 private:
  std::map<cuda::DevicePointer, size_t> sizes_;
  size_t bytes_ = 0;
  int64_t added_ = 0;
};

// Whether an address is in the room for memory of devices, in use or not.
bool is_on_device(const void* at);

// Pages of the host's that devices reach without the driver's help.
class HostMemory {
 public:
  ~HostMemory();

  void* add(size_t bytes);
  bool remove(void* at);
  bool add_foreign(void* at, size_t bytes);
  bool remove_foreign(void* at);
  bool holds(const void* at, size_t bytes) const;
  int64_t count() const { return static_cast<int64_t>(own_.size() + foreign_.size()); }

 private:
  std::map<const std::byte*, size_t> own_, foreign_;
};

}  // namespace bilevel::fake_cuda
