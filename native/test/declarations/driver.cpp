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
static_assert(kNoDevice == CUDA_ERROR_NO_DEVICE);
static_assert(kComputeCapabilityMajor == CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
static_assert(kComputeCapabilityMinor == CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);

}  // namespace bilevel::cuda
