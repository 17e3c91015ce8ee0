// Devices of the fake driver: FAKE_CUDA_DEVICES of them, one by default, of the compute capability
// FAKE_CUDA_CAPABILITY, 90 by default, beside a driver for CUDA FAKE_CUDA_VERSION, 13000 by default.
#include <cstdint>
#include <cstdio>

#include "cuda/libraries/driver.h"
#include "test/fake_cuda/faults.h"

namespace {

using bilevel::cuda::kSuccess;
using bilevel::cuda::Ordinal;
using bilevel::cuda::Result;
using bilevel::fake_cuda::setting;

constexpr Result kInvalidValue = 1, kNotInitialized = 3, kInvalidDevice = 101;

bool started = false;
int device_count() { return setting("FAKE_CUDA_DEVICES", 1); }
Result check(Ordinal device) {
  if (!started) return kNotInitialized;
  return device >= 0 && device < device_count() ? kSuccess : kInvalidDevice;
}

}  // namespace

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

// Does not know every error, as an old driver.
FAKE_CUDA_EXPORT cuGetErrorName(Result result, const char** name) {
  if (result == 999) return kInvalidValue;
  *name = result == bilevel::cuda::kNoDevice ? "CUDA_ERROR_NO_DEVICE" : "CUDA_ERROR_FAKED";
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
  return check(index);
}

FAKE_CUDA_EXPORT cuDeviceGetName(char* name, int bytes, Ordinal device) {
  FAKE_CUDA_ENTER;
  if (const Result result = check(device); result != kSuccess) return result;
  std::snprintf(name, static_cast<size_t>(bytes), "fake GPU %d", device);
  return kSuccess;
}

FAKE_CUDA_EXPORT cuDeviceGetAttribute(int* value, int attribute, Ordinal device) {
  FAKE_CUDA_ENTER;
  if (const Result result = check(device); result != kSuccess) return result;
  const int capability = setting("FAKE_CUDA_CAPABILITY", 90);
  switch (attribute) {
    case bilevel::cuda::kComputeCapabilityMajor:
      *value = capability / 10;
      return kSuccess;
    case bilevel::cuda::kComputeCapabilityMinor:
      *value = capability % 10;
      return kSuccess;
    default:
      return kInvalidValue;
  }
}

FAKE_CUDA_EXPORT cuDeviceTotalMem_v2(size_t* bytes, Ordinal device) {
  FAKE_CUDA_ENTER;
  if (const Result result = check(device); result != kSuccess) return result;
  *bytes = size_t{4} << 30;
  return kSuccess;
}
