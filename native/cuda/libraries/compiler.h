// NVRTC, NVIDIA's compiler at run time: the functions that the engine calls, declared as those of the driver are.
#pragma once

#include <cstddef>
#include <string>

#include "cuda/libraries/driver.h"

namespace bilevel::cuda {

using Compilation = struct CompilationTag*;

#define BILEVEL_COMPILER_FUNCTIONS(X)                                                                   \
  X(nvrtcVersion, (int* major, int* minor))                                                             \
  X(nvrtcCreateProgram, (Compilation * program, const char* source, const char* name, int header_count, \
                         const char* const* headers, const char* const* header_names))                  \
  X(nvrtcCompileProgram, (Compilation program, int option_count, const char* const* options))           \
  X(nvrtcGetProgramLogSize, (Compilation program, size_t * bytes))                                      \
  X(nvrtcGetProgramLog, (Compilation program, char* log))                                               \
  X(nvrtcGetCUBINSize, (Compilation program, size_t * bytes))                                           \
  X(nvrtcGetCUBIN, (Compilation program, char* code))                                                   \
  X(nvrtcDestroyProgram, (Compilation * program))

struct Compiler {
#define BILEVEL_MEMBER(name, parameters) Result(*name) parameters = nullptr;
  BILEVEL_COMPILER_FUNCTIONS(BILEVEL_MEMBER)
#undef BILEVEL_MEMBER
  std::string path;
  int major = 0, minor = 0;
};

// The process's compiler, whose code `driver` takes: no later toolkit than it supports. Opened when it is first asked
// for; throws as driver() does.
const Compiler& compiler(const Driver& driver);

}  // namespace bilevel::cuda
