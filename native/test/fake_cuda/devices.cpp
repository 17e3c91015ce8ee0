// Devices of the fake driver: FAKE_CUDA_DEVICES of them, one by default, of the compute capability
// FAKE_CUDA_CAPABILITY, 90 by default, beside a driver for CUDA FAKE_CUDA_VERSION, 13000 by default.
#include <array>
#include <atomic>
#include <cstdio>
#include <utility>

#include "test/fake_cuda/state.h"

using namespace bilevel::fake_cuda;
using bilevel::cuda::kSuccess;
using bilevel::cuda::Ordinal;

namespace bilevel::fake_cuda {
namespace {

std::atomic<bool> started = false;
int device_count() { return setting("FAKE_CUDA_DEVICES", 1); }

// An old driver does not know every error.
constexpr std::array kNames = {
    std::pair{kInvalidValue, "CUDA_ERROR_INVALID_VALUE"},
    std::pair{cuda::kOutOfMemory, "CUDA_ERROR_OUT_OF_MEMORY"},
    std::pair{cuda::kNoDevice, "CUDA_ERROR_NO_DEVICE"},
    std::pair{kNoBinaryForDevice, "CUDA_ERROR_NO_BINARY_FOR_GPU"},
    std::pair{kIllegalAddress, "CUDA_ERROR_ILLEGAL_ADDRESS"},
    std::pair{kLaunchFailed, "CUDA_ERROR_LAUNCH_FAILED"},
    std::pair{kCaptureUnsupported, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED"},
};

}  // namespace

Result check_device(Ordinal device) {
  if (!started) return kNotInitialized;
  return device >= 0 && device < device_count() ? kSuccess : kInvalidDevice;
}

int device_capability() { return setting("FAKE_CUDA_CAPABILITY", 90); }

}  // namespace bilevel::fake_cuda

FAKE_CUDA_EXPORT cuInit(unsigned flags) {
  FAKE_CUDA_ENTER;
  if (flags != 0) return kInvalidValue;
  if (device_count() == 0) return bilevel::cuda::kNoDevice;
  started = true;
  return kSuccess;
}

FAKE_CUDA_EXPORT cuDriverGetVersion(int* version) {
  FAKE_CUDA_ENTER;
  *version = setting("FAKE_CUDA_VERSION", 13000);
  return kSuccess;
}

FAKE_CUDA_EXPORT cuGetErrorName(Result result, const char** name) {
  if (result == 999) return kInvalidValue;
  *name = "CUDA_ERROR_FAKED";
  for (const auto& [known, text] : kNames) {
    if (known == result) *name = text;
  }
  return kSuccess;
}
FAKE_CUDA_EXPORT cuGetErrorString(Result result, const char** text) {
  if (result == 999) return kInvalidValue;
  *text = "as the fake driver was told";
  return kSuccess;
}

FAKE_CUDA_EXPORT cuDeviceGetCount(int* count) {
  FAKE_CUDA_ENTER;
  if (!started) return kNotInitialized;
  *count = device_count();
  return kSuccess;
}

FAKE_CUDA_EXPORT cuDeviceGet(Ordinal* device, int index) {
  FAKE_CUDA_ENTER;
  *device = index;
  return check_device(index);
}

FAKE_CUDA_EXPORT cuDeviceGetName(char* name, int bytes, Ordinal device) {
  FAKE_CUDA_ENTER;
  if (const Result result = check_device(device); result != kSuccess) return result;
  std::snprintf(name, static_cast<size_t>(bytes), "fake GPU %d", device);
  return kSuccess;
}

FAKE_CUDA_EXPORT cuDeviceGetAttribute(int* value, int attribute, Ordinal device) {
  FAKE_CUDA_ENTER;
  if (const Result result = check_device(device); result != kSuccess) return result;
  switch (attribute) {
    case bilevel::cuda::kMultiprocessorCount:
      *value = 132;
      return kSuccess;
    case bilevel::cuda::kComputeCapabilityMajor:
      *value = device_capability() / 10;
      return kSuccess;
    case bilevel::cuda::kComputeCapabilityMinor:
      *value = device_capability() % 10;
      return kSuccess;
    default:
      return kInvalidValue;
  }
}
