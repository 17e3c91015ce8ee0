// Device code compiled for a device by NVRTC.
#pragma once

#include <string>

#include "cuda/libraries/compiler.h"

namespace bilevel::cuda {

// The machine code of a source that includes device_headers(). Throws DEVICE_UNAVAILABLE when the compiler does not
// know the architecture, and NATIVE_FAILURE with its words when it takes the source for wrong.
std::string compile(const Compiler& compiler, const std::string& source, const std::string& architecture);

}  // namespace bilevel::cuda
