// A kernel as text, with how it is launched.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bilevel::cuda {

// Threads of every block, as in kernels/prelude.cuh.
inline constexpr int64_t kThreads = 256;

// A pointer that a kernel takes.
struct Argument {
  enum class Kind : uint8_t {
    kBuffer,      // a place in a buffer of the program
    kScratch,     // a place in memory that holds nothing between kernels
    kCounters,    // zeros before and after, 32 bits each
    kBinding,     // the place of a binding of the program, which the argument has for its buffer
    kStepTable,   // of the run (kernels/rows.cuh)
    kWrongIndex,  // of this instruction: three words of 64 bits, all ones until there is a wrong index
                  // (kernels/index.cuh)
  };
  Kind kind;
  int32_t buffer;
  int64_t byte_offset;
};

struct Kernel {
  std::string name = {};  // a hash of the rest of the text, in which no buffer is named: equal kernels are one
  std::string text = {};
  int64_t blocks = 0;
  std::vector<Argument> arguments = {};
  int64_t scratch_bytes = 0, counters = 0;
};

}  // namespace bilevel::cuda
