// Which calls of the fake libraries fail.
#pragma once

#include "cuda/libraries/driver.h"

namespace bilevel::fake_cuda {

// What a call of `function` shall return: success, but where the environment variable FAKE_CUDA_FAIL says
// FUNCTION:CALL:RESULT, the result for the call of that number, from 1 on, since the variable was set. Where
// FAKE_CUDA_LOG names a file, a line with the function is added to it.
cuda::Result called(const char* function);

// An integer of the environment.
int setting(const char* name, int usual);

}  // namespace bilevel::fake_cuda

#define FAKE_CUDA_EXPORT extern "C" __attribute__((visibility("default"))) bilevel::cuda::Result

// Begins every function.
#define FAKE_CUDA_ENTER \
  if (const bilevel::cuda::Result result = bilevel::fake_cuda::called(__func__); result != 0) return result
