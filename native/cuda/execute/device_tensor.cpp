#include "cuda/execute/device_tensor.h"

#include "program/error.h"

namespace bilevel::cuda {
namespace {

void issue(Queue& queue, const Copy& copy) {
  const DevicePointer from = address_of(copy.from), to = address_of(copy.to);
  if (to == 0) return queue.copy_to_host(copy.to.host, from, copy.bytes);
  if (from != 0) return queue.copy_on_device(to, from, copy.bytes);
  if (copy.from.host != nullptr) return queue.copy_to_device(to, copy.from.host, copy.bytes);
  queue.fill(to, 0, copy.bytes);
}

}  // namespace

void copy(const DeviceContext& context, Queue& queue, std::span<const Copy> copies) {
  try {
    for (const Copy& each : copies) issue(queue, each);
    queue.wait();
  } catch (const Error& error) {
    context.lose(error.what());
    context.require();
  }
}

}  // namespace bilevel::cuda
