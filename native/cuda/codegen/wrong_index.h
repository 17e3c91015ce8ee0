// What a kernel has recorded of indices out of range (kernels/index.cuh), read by the host.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "program/limits.h"

namespace bilevel::cuda {

using WrongIndexRecord = std::array<uint64_t, 3>;

inline constexpr WrongIndexRecord kNoWrongIndex = {~uint64_t{0}, ~uint64_t{0}, ~uint64_t{0}};

struct WrongIndex {
  int64_t position, value;
};

// The first one.
inline std::optional<WrongIndex> wrong_index_of(const WrongIndexRecord& record) {
  constexpr uint32_t kThird = 22;
  static_assert(kMaxElements <= int64_t{1} << (64 - kThird), "a position is stored above a third of the value");
  if (record == kNoWrongIndex) return std::nullopt;
  uint64_t value = 0;
  for (uint32_t third = 0; third < record.size(); ++third) {
    value |= (record[third] & ((uint64_t{1} << kThird) - 1)) << (third * kThird);
  }
  return WrongIndex{static_cast<int64_t>(record[0] >> kThird), static_cast<int64_t>(value)};
}

}  // namespace bilevel::cuda
