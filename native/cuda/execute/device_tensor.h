// A tensor that stays on a device.
#pragma once

#include <span>
#include <utility>

#include "cuda/context/memory.h"
#include "cuda/context/queue.h"
#include "engine/engine.h"

namespace bilevel::cuda {

class DeviceTensor final : public bilevel::DeviceTensor {
 public:
  explicit DeviceTensor(OwnedMemory memory) : memory_(std::move(memory)) {}

  DevicePointer address() const { return memory_.get(); }

 private:
  OwnedMemory memory_;
};

// Where the device has the tensor; 0 where it does not.
inline DevicePointer address_of(const Place& place) {
  return place.device == nullptr ? 0 : static_cast<const DeviceTensor*>(place.device)->address();
}

// As Engine::copy. Throws DEVICE_LOST when one fails: nobody knows any more what the tensors hold.
void copy(const DeviceContext& context, Queue& queue, std::span<const Copy> copies);

}  // namespace bilevel::cuda
