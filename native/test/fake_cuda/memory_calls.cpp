// Memory of the fake driver's devices: FAKE_CUDA_MEMORY megabytes on each, 4096 by default.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "test/fake_cuda/state.h"

using namespace bilevel::fake_cuda;
using bilevel::cuda::DevicePointer;
using bilevel::cuda::kSuccess;

namespace {

size_t total_memory() { return static_cast<size_t>(setting("FAKE_CUDA_MEMORY", 4096)) << 20; }

size_t free_memory(const Context& context) {
  size_t used = 0;
  for (const auto& [handle, other] : contexts()) {
    if (other->device == context.device) used += other->memory.bytes();
  }
  return total_memory() - std::min(used, total_memory());
}

std::byte* address(DevicePointer at) { return reinterpret_cast<std::byte*>(at); }

// Where FAKE_CUDA_COPIES names a file, a line with the bytes is added to it.
void count_copy(size_t bytes) {
  counts().copied_bytes += static_cast<int64_t>(bytes);
  const char* const path = std::getenv("FAKE_CUDA_COPIES");
  if (path == nullptr) return;
  if (std::FILE* const log = std::fopen(path, "a")) {
    std::fprintf(log, "%zu\n", bytes);
    std::fclose(log);
  }
}

// Whether the device's memory is still there when work of a graph comes to it.
void require(const Context& context, DevicePointer at, size_t bytes) {
  const std::lock_guard state(state_mutex());
  if (!context.memory.holds(at, bytes)) throw DeviceFailure{kIllegalAddress};
}

}  // namespace

FAKE_CUDA_EXPORT cuDeviceTotalMem_v2(size_t* bytes, bilevel::cuda::Ordinal device) {
  FAKE_CUDA_ENTER;
  if (const Result result = check_device(device); result != kSuccess) return result;
  *bytes = total_memory();
  return kSuccess;
}

FAKE_CUDA_EXPORT cuMemGetInfo_v2(size_t* free, size_t* total) {
  FAKE_CUDA_ENTER_CONTEXT;
  *free = free_memory(*context);
  *total = total_memory();
  return kSuccess;
}

FAKE_CUDA_EXPORT cuMemAlloc_v2(DevicePointer* made, size_t bytes) {
  FAKE_CUDA_ENTER_CONTEXT;
  if (const Result result = refuse_in_capture(*context); result != kSuccess) return result;
  if (bytes == 0) return kInvalidValue;
  if (bytes > free_memory(*context)) return bilevel::cuda::kOutOfMemory;
  *made = context->memory.add(bytes);
  return *made == 0 ? bilevel::cuda::kOutOfMemory : kSuccess;
}

// Waits for everything, as the real one.
FAKE_CUDA_EXPORT cuMemFree_v2(DevicePointer at) {
  FAKE_CUDA_ENTER_WAITING;
  if (const Result result = refuse_in_capture(*context); result != kSuccess) return result;
  state.unlock();
  if (const Result result = execute_all(*context); result != kSuccess) return result;
  state.lock();
  return at == 0 || context->memory.remove(at) ? kSuccess : kInvalidValue;
}

FAKE_CUDA_EXPORT cuMemHostAlloc(void** made, size_t bytes, unsigned) {
  FAKE_CUDA_ENTER_CONTEXT;
  if (const Result result = refuse_in_capture(*context); result != kSuccess) return result;
  if (bytes == 0) return kInvalidValue;
  *made = context->host.add(bytes);
  return *made == nullptr ? bilevel::cuda::kOutOfMemory : kSuccess;
}

FAKE_CUDA_EXPORT cuMemFreeHost(void* at) {
  FAKE_CUDA_ENTER_WAITING;
  if (const Result result = refuse_in_capture(*context); result != kSuccess) return result;
  state.unlock();
  if (const Result result = execute_all(*context); result != kSuccess) return result;
  state.lock();
  return at == nullptr || context->host.remove(at) ? kSuccess : kInvalidValue;
}

FAKE_CUDA_EXPORT cuMemHostRegister_v2(void* at, size_t bytes, unsigned) {
  FAKE_CUDA_ENTER_CONTEXT;
  if (const Result result = refuse_in_capture(*context); result != kSuccess) return result;
  if (at == nullptr || bytes == 0) return kInvalidValue;
  return context->host.add_foreign(at, bytes) ? kSuccess : kAlreadyRegistered;
}

FAKE_CUDA_EXPORT cuMemHostUnregister(void* at) {
  FAKE_CUDA_ENTER_WAITING;
  if (const Result result = refuse_in_capture(*context); result != kSuccess) return result;
  state.unlock();
  if (const Result result = execute_all(*context); result != kSuccess) return result;
  state.lock();
  return context->host.remove_foreign(at) ? kSuccess : kNotRegistered;
}

// Memory that is not pinned is read before the call returns.
FAKE_CUDA_EXPORT cuMemcpyHtoDAsync_v2(DevicePointer to, const void* from, size_t bytes, bilevel::cuda::Stream handle) {
  FAKE_CUDA_ENTER_CONTEXT;
  const auto stream = context->streams.find(handle);
  if (stream == nullptr) return kInvalidHandle;
  if (!context->memory.holds(to, bytes) || from == nullptr || is_on_device(from)) return kInvalidValue;
  count_copy(bytes);
  const auto* const source = static_cast<const std::byte*>(from);
  if (context->host.holds(from, bytes)) {
    return enqueue(*stream, [&context = *context, to, source, bytes] {
      require(context, to, bytes);
      std::memcpy(address(to), source, bytes);
    });
  }
  if (const Result result = refuse_in_capture(*stream); result != kSuccess) return result;
  return enqueue(*stream, [to, content = std::vector<std::byte>(source, source + bytes)] {
    std::memcpy(address(to), content.data(), content.size());
  });
}

// Memory that is not pinned is written before the call returns.
FAKE_CUDA_EXPORT cuMemcpyDtoHAsync_v2(void* to, DevicePointer from, size_t bytes, bilevel::cuda::Stream handle) {
  FAKE_CUDA_ENTER_WAITING;
  const auto stream = context->streams.find(handle);
  if (stream == nullptr) return kInvalidHandle;
  if (!context->memory.holds(from, bytes) || to == nullptr || is_on_device(to)) return kInvalidValue;
  count_copy(bytes);
  const bool pinned = context->host.holds(to, bytes);
  if (!pinned) {
    if (const Result result = refuse_in_capture(*stream); result != kSuccess) return result;
  }
  const Result result = enqueue(*stream, [&context = *context, to, from, bytes] {
    require(context, from, bytes);
    std::memcpy(to, address(from), bytes);
  });
  if (pinned || result != kSuccess) return result;
  state.unlock();
  return execute(*context, *stream);
}

FAKE_CUDA_EXPORT cuMemcpyDtoDAsync_v2(DevicePointer to, DevicePointer from, size_t bytes,
                                      bilevel::cuda::Stream handle) {
  FAKE_CUDA_ENTER_CONTEXT;
  const auto stream = context->streams.find(handle);
  if (stream == nullptr) return kInvalidHandle;
  if (!context->memory.holds(to, bytes) || !context->memory.holds(from, bytes)) return kInvalidValue;
  return enqueue(*stream, [&context = *context, to, from, bytes] {
    require(context, to, bytes);
    require(context, from, bytes);
    std::memcpy(address(to), address(from), bytes);
  });
}

FAKE_CUDA_EXPORT cuMemsetD8Async(DevicePointer to, unsigned char value, size_t bytes, bilevel::cuda::Stream handle) {
  FAKE_CUDA_ENTER_CONTEXT;
  const auto stream = context->streams.find(handle);
  if (stream == nullptr) return kInvalidHandle;
  if (!context->memory.holds(to, bytes)) return kInvalidValue;
  return enqueue(*stream, [&context = *context, to, value, bytes] {
    require(context, to, bytes);
    std::memset(address(to), value, bytes);
  });
}
