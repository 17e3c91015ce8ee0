// Kernels compiled for the emulation, and run on buffers in the host's memory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "cuda/codegen/kernel.h"
#include "cuda/codegen/wrong_index.h"
#include "test/emulation/library.h"

namespace bilevel::test {

inline constexpr std::array kOrders = {emulation::Order::kForward, emulation::Order::kBackward,
                                       emulation::Order::kShuffled};

class EmulatedKernels {
 public:
  explicit EmulatedKernels(std::span<const std::vector<cuda::Kernel>> lists);

  // The same from one source with other headers.
  EmulatedKernels(emulation::Headers headers, const std::string& source);

  // What kernels that find and leave rows take: where each binding is, and the step table.
  struct Rows {
    std::byte* const* bindings;
    uint64_t* step_table;
  };

  // One behind the other, in scratch memory of floats that are NaN. Checks that counters end at 0.
  cuda::WrongIndexRecord run(std::span<const cuda::Kernel> kernels, std::byte* const* buffers, emulation::Order order,
                             uint32_t seed, const Rows& rows = {}) const;

 private:
  emulation::Library library_;
};

}  // namespace bilevel::test
