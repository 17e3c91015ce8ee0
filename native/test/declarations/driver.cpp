// Compiles where the declarations of the driver are those of cuda.h, with the names that it has kept for older
// programs.
#define __CUDA_API_VERSION_INTERNAL
#include "cuda/libraries/driver.h"

#include <cuda.h>

#include "test/declarations/same.h"

#define CHECK_FUNCTION(name, parameters)                                                                      \
  static_assert(bilevel::test::SameFunction<decltype(bilevel::cuda::Driver::name), decltype(&::name)>::value, \
                #name " is declared in another way");
BILEVEL_DRIVER_FUNCTIONS(CHECK_FUNCTION)

namespace bilevel::cuda {

static_assert(kSuccess == CUDA_SUCCESS);
static_assert(kOutOfMemory == CUDA_ERROR_OUT_OF_MEMORY);
static_assert(kNoDevice == CUDA_ERROR_NO_DEVICE);
static_assert(kNotReady == CUDA_ERROR_NOT_READY);
static_assert(kMultiprocessorCount == CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
static_assert(kComputeCapabilityMajor == CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
static_assert(kComputeCapabilityMinor == CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
static_assert(kNonBlockingStream == CU_STREAM_NON_BLOCKING);
static_assert(kTimelessEvent == CU_EVENT_DISABLE_TIMING);
static_assert(kThreadLocalCapture == CU_STREAM_CAPTURE_MODE_THREAD_LOCAL);

}  // namespace bilevel::cuda
