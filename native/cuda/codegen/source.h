// Kernels as sources for a compiler.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "cuda/codegen/kernel.h"

namespace bilevel::cuda {

// The name under which device code includes a file of native/cuda/kernels/ or native/scalar/, and its text.
using DeviceHeader = std::pair<std::string_view, std::string_view>;

// All of them; the build writes this function.
std::span<const DeviceHeader> device_headers();

// One source with these kernels; equal ones once. Throws INVALID_PROGRAM for different ones of one name.
std::string source_of(std::span<const Kernel* const> kernels);

// A product and a sum round twice, as on the CPU.
inline constexpr std::array<std::string_view, 2> kCompilerOptions = {"--std=c++17", "--fmad=false"};

}  // namespace bilevel::cuda
