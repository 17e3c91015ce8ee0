// What decides, beside a program, which kernels it gets.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "cuda/codegen/tiling.h"

namespace bilevel::cuda {

// To what the operands of products and convolutions by tiles are rounded before they are multiplied. Everything that is
// stored, and every sum, stays in float32.
enum class Precision : uint8_t { kFloat32, kTf32, kBfloat16 };
inline constexpr std::array<std::string_view, 3> kPrecisionNames = {"float32", "tf32", "bf16"};
// Of the 23 bits of a mantissa.
inline constexpr std::array<int64_t, 3> kDroppedBits = {0, 13, 16};

struct Target {
  Precision precision = Precision::kFloat32;
  TilingRule tiling = {};
};

}  // namespace bilevel::cuda
