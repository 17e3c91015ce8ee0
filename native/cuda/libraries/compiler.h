// NVRTC, NVIDIA's compiler at run time: the functions that the engine calls, declared as those of the driver are.
#pragma once

#include <string>

#include "cuda/libraries/driver.h"

namespace bilevel::cuda {

#define BILEVEL_COMPILER_FUNCTIONS(X) X(nvrtcVersion, (int* major, int* minor))

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
