// Runs the blocks of a grid one after the other, each with a fiber for every thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "test/emulation/runtime.h"

namespace bilevel::emulation {

// In which the blocks run, and the threads of a block between two barriers.
enum class Order : uint8_t { kForward, kBackward, kShuffled };

struct Function {
  void (*run)(const void* arguments);
  bool has_barriers;
  size_t argument_bytes;
};

// Throws std::runtime_error when threads wait for each other for ever or at different barriers, when a shuffle reads a
// lane that takes no part, when a kernel waits that says it does not, and when a block has more shared memory than CUDA
// gives without asking.
void launch(const Function& function, int64_t blocks, uint32_t threads, const void* arguments, Order order,
            uint32_t seed);

// What loaded device code is to point to.
Runtime& runtime();

}  // namespace bilevel::emulation
