// The fake compiler.
#include "cuda/libraries/compiler.h"
#include "test/fake_cuda/faults.h"

FAKE_CUDA_EXPORT nvrtcVersion(int* major, int* minor) {
  FAKE_CUDA_ENTER;
  *major = 13;
  *minor = 0;
  return bilevel::cuda::kSuccess;
}
