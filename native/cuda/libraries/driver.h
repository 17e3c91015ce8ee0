// NVIDIA's driver: the functions that the engine calls, by their exported names, and the constants that it passes.
// Declared here, so that nothing of NVIDIA's is needed to build; native/test/declarations compares them with cuda.h.
#pragma once

#include <cstddef>
#include <string>

namespace bilevel::cuda {

using Result = int;
using Ordinal = int;  // of a device

inline constexpr Result kSuccess = 0;
inline constexpr Result kNoDevice = 100;

inline constexpr int kComputeCapabilityMajor = 75;  // attributes of a device
inline constexpr int kComputeCapabilityMinor = 76;

#define BILEVEL_DRIVER_FUNCTIONS(X)                                    \
  X(cuInit, (unsigned flags))                                          \
  X(cuDriverGetVersion, (int* version))                                \
  X(cuGetErrorName, (Result result, const char** name))                \
  X(cuGetErrorString, (Result result, const char** text))              \
  X(cuDeviceGetCount, (int* count))                                    \
  X(cuDeviceGet, (Ordinal * device, int index))                        \
  X(cuDeviceGetName, (char* name, int bytes, Ordinal device))          \
  X(cuDeviceGetAttribute, (int* value, int attribute, Ordinal device)) \
  X(cuDeviceTotalMem_v2, (size_t * bytes, Ordinal device))

// The driver, open and started.
struct Driver {
#define BILEVEL_MEMBER(name, parameters) Result(*name) parameters = nullptr;
  BILEVEL_DRIVER_FUNCTIONS(BILEVEL_MEMBER)
#undef BILEVEL_MEMBER
  std::string path;
  int version = 0;  // of CUDA that it supports, as 13000 for 13.0
};

// "13.0" for 13000.
std::string describe_version(int version);

// "cuInit failed: CUDA_ERROR_UNKNOWN (999), unknown error".
std::string describe_failure(const Driver& driver, const char* function, Result result);

// The process's driver, which is opened and started when it is first asked for. Throws DEVICE_UNAVAILABLE with what is
// missing, where it was looked for and what to do; the next call tries again.
const Driver& driver();

}  // namespace bilevel::cuda
