#include "cuda/context/memory.h"

#include <array>
#include <cstdio>
#include <string>

#include "program/error.h"

namespace bilevel::cuda {
namespace {

std::string in_megabytes(size_t bytes) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f MB", static_cast<double>(bytes) / 1e6);
  return text.data();
}

[[noreturn]] void refuse(const DeviceContext& context, int64_t bytes) {
  size_t free = 0, total = 0;
  const bool is_known = context->cuMemGetInfo_v2(&free, &total) == kSuccess;
  throw Error(
      "LIMIT_EXCEEDED",
      in_megabytes(static_cast<size_t>(bytes)) + " are needed on the device " + context.name() +
          (is_known ? ", where " + in_megabytes(free) + " of " + in_megabytes(total) + " are free"
                    : ", which has not so much left") +
          ". Dispose of programs and solvers that are not needed any more, or use smaller batches or less data.");
}

}  // namespace

OwnedMemory allocate(const std::shared_ptr<const DeviceContext>& context, int64_t bytes) {
  if (bytes == 0) return {};
  DevicePointer memory = 0;
  const Result result = (*context)->cuMemAlloc_v2(&memory, static_cast<size_t>(bytes));
  if (result == kOutOfMemory) refuse(*context, bytes);
  context->check(result, "cuMemAlloc");
  return {context, memory};
}

OwnedPinnedMemory allocate_pinned(const std::shared_ptr<const DeviceContext>& context, int64_t bytes) {
  if (bytes == 0) return {};
  void* memory = nullptr;
  const Result result = (*context)->cuMemHostAlloc(&memory, static_cast<size_t>(bytes), 0);
  if (result == kOutOfMemory) {
    throw Error("LIMIT_EXCEEDED", "The host has no " + in_megabytes(static_cast<size_t>(bytes)) +
                                      " left of memory that the device " + context->name() + " can copy from.");
  }
  context->check(result, "cuMemHostAlloc");
  return {context, memory};
}

}  // namespace bilevel::cuda
