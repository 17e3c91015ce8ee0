// NVIDIA's driver: the functions that the engine calls, by their exported names, and the constants that it passes.
// Declared here, so that nothing of NVIDIA's is needed to build; native/test/declarations compares them with cuda.h.
#pragma once

#include <cstddef>
#include <string>

namespace bilevel::cuda {

using Result = int;
using Ordinal = int;  // of a device
using DevicePointer = unsigned long long;
using Context = struct ContextTag*;
using Stream = struct StreamTag*;
using Event = struct EventTag*;
using Module = struct ModuleTag*;
using Function = struct FunctionTag*;
using Graph = struct GraphTag*;
using GraphExec = struct GraphExecTag*;

inline constexpr Result kSuccess = 0;
inline constexpr Result kOutOfMemory = 2;
inline constexpr Result kNoDevice = 100;
inline constexpr Result kNotReady = 600;

inline constexpr int kMultiprocessorCount = 16;  // attributes of a device
inline constexpr int kComputeCapabilityMajor = 75;
inline constexpr int kComputeCapabilityMinor = 76;

inline constexpr unsigned kNonBlockingStream = 1;
inline constexpr unsigned kTimelessEvent = 2;  // one that keeps no time
inline constexpr int kThreadLocalCapture = 1;  // other threads may do meanwhile what capture forbids

#define BILEVEL_DRIVER_FUNCTIONS(X)                                                                            \
  X(cuInit, (unsigned flags))                                                                                  \
  X(cuDriverGetVersion, (int* version))                                                                        \
  X(cuGetErrorName, (Result result, const char** name))                                                        \
  X(cuGetErrorString, (Result result, const char** text))                                                      \
  X(cuDeviceGetCount, (int* count))                                                                            \
  X(cuDeviceGet, (Ordinal * device, int index))                                                                \
  X(cuDeviceGetName, (char* name, int bytes, Ordinal device))                                                  \
  X(cuDeviceGetAttribute, (int* value, int attribute, Ordinal device))                                         \
  X(cuDeviceTotalMem_v2, (size_t * bytes, Ordinal device))                                                     \
  X(cuCtxCreate_v2, (Context * context, unsigned flags, Ordinal device))                                       \
  X(cuCtxDestroy_v2, (Context context))                                                                        \
  X(cuCtxPushCurrent_v2, (Context context))                                                                    \
  X(cuCtxPopCurrent_v2, (Context * context))                                                                   \
  X(cuMemGetInfo_v2, (size_t * free, size_t * total))                                                          \
  X(cuMemAlloc_v2, (DevicePointer * memory, size_t bytes))                                                     \
  X(cuMemFree_v2, (DevicePointer memory))                                                                      \
  X(cuMemHostAlloc, (void** memory, size_t bytes, unsigned flags))                                             \
  X(cuMemFreeHost, (void* memory))                                                                             \
  X(cuMemHostRegister_v2, (void* memory, size_t bytes, unsigned flags))                                        \
  X(cuMemHostUnregister, (void* memory))                                                                       \
  X(cuMemcpyHtoDAsync_v2, (DevicePointer to, const void* from, size_t bytes, Stream stream))                   \
  X(cuMemcpyDtoHAsync_v2, (void* to, DevicePointer from, size_t bytes, Stream stream))                         \
  X(cuMemcpyDtoDAsync_v2, (DevicePointer to, DevicePointer from, size_t bytes, Stream stream))                 \
  X(cuMemsetD8Async, (DevicePointer to, unsigned char value, size_t bytes, Stream stream))                     \
  X(cuStreamCreate, (Stream * stream, unsigned flags))                                                         \
  X(cuStreamDestroy_v2, (Stream stream))                                                                       \
  X(cuStreamSynchronize, (Stream stream))                                                                      \
  X(cuStreamBeginCapture_v2, (Stream stream, int mode))                                                        \
  X(cuStreamEndCapture, (Stream stream, Graph * graph))                                                        \
  X(cuEventCreate, (Event * event, unsigned flags))                                                            \
  X(cuEventDestroy_v2, (Event event))                                                                          \
  X(cuEventRecord, (Event event, Stream stream))                                                               \
  X(cuEventQuery, (Event event))                                                                               \
  X(cuEventSynchronize, (Event event))                                                                         \
  X(cuEventElapsedTime, (float* milliseconds, Event start, Event end))                                         \
  X(cuGraphInstantiateWithFlags, (GraphExec * executable, Graph graph, unsigned long long flags))              \
  X(cuGraphDestroy, (Graph graph))                                                                             \
  X(cuGraphExecDestroy, (GraphExec executable))                                                                \
  X(cuGraphLaunch, (GraphExec executable, Stream stream))                                                      \
  X(cuModuleLoadData, (Module * module, const void* image))                                                    \
  X(cuModuleUnload, (Module module))                                                                           \
  X(cuModuleGetFunction, (Function * function, Module module, const char* name))                               \
  X(cuLaunchKernel,                                                                                            \
    (Function function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x, unsigned block_y, \
     unsigned block_z, unsigned shared_bytes, Stream stream, void** parameters, void** extra))

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
