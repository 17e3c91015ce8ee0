// What all kernels of a device have in common.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace bilevel {
class Ranks;
}

namespace bilevel::cpu {

// How the operands of convolutions and large matrix products are rounded before they are multiplied. Everything that is
// stored, and every sum, stays in float32.
enum class Precision : uint8_t { kFloat32, kBfloat16 };
inline constexpr std::array<std::string_view, 2> kPrecisionNames = {"float32", "bf16"};

// More than any machine has.
inline constexpr int kMostThreads = 256;

struct Settings {
  int threads;  // size of the team, 1 to kMostThreads
  Precision precision = Precision::kFloat32;
  const Ranks* ranks = nullptr;  // that compute together; null for a process that computes alone
};

}  // namespace bilevel::cpu
