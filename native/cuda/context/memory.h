// Memory of the device, and memory of the host that the device reaches without the driver's help.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "cuda/context/owned.h"

namespace bilevel::cuda {

// Where memory begins and buffers that share it do; what kernels read four floats at once from needs 16.
inline constexpr int64_t kMemoryAlignment = 256;

inline int64_t aligned(int64_t bytes) { return (bytes + kMemoryAlignment - 1) / kMemoryAlignment * kMemoryAlignment; }

// Both: nothing for no bytes. Throw LIMIT_EXCEEDED with how much is needed and how much is free; the context is as
// before. The calling thread is in its scope.
OwnedMemory allocate(const std::shared_ptr<const DeviceContext>& context, int64_t bytes);
OwnedPinnedMemory allocate_pinned(const std::shared_ptr<const DeviceContext>& context, int64_t bytes);

}  // namespace bilevel::cuda
