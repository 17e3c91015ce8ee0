// The fake compiler.
#include "cuda/libraries/compiler.h"
#include "test/fake_cuda/faults.h"

namespace {

constexpr bilevel::cuda::Result kInternalError = 11;  // it compiles nothing yet

}  // namespace

FAKE_CUDA_EXPORT nvrtcVersion(int* major, int* minor) {
  FAKE_CUDA_ENTER;
  *major = 13;
  *minor = 0;
  return bilevel::cuda::kSuccess;
}

FAKE_CUDA_EXPORT nvrtcCreateProgram(bilevel::cuda::Compilation* program, const char* source, const char* name,
                                    int header_count, const char* const* headers, const char* const* header_names) {
  return kInternalError;
}
FAKE_CUDA_EXPORT nvrtcCompileProgram(bilevel::cuda::Compilation program, int option_count, const char* const* options) {
  return kInternalError;
}
FAKE_CUDA_EXPORT nvrtcGetProgramLogSize(bilevel::cuda::Compilation program, size_t* bytes) { return kInternalError; }
FAKE_CUDA_EXPORT nvrtcGetProgramLog(bilevel::cuda::Compilation program, char* log) { return kInternalError; }
FAKE_CUDA_EXPORT nvrtcGetCUBINSize(bilevel::cuda::Compilation program, size_t* bytes) { return kInternalError; }
FAKE_CUDA_EXPORT nvrtcGetCUBIN(bilevel::cuda::Compilation program, char* code) { return kInternalError; }
FAKE_CUDA_EXPORT nvrtcDestroyProgram(bilevel::cuda::Compilation* program) { return kInternalError; }
