// What device code that runs on the CPU and the launcher know of each other.
#pragma once

#include <cstdint>

namespace bilevel::emulation {

struct Position {
  uint32_t x, y, z;
};

enum class WarpOperation : uint8_t { kSync, kShuffle, kShuffleXor, kMatchAny, kBallot };

// One for the process: the launcher's.
struct Runtime {
  Position thread, block;  // of the thread that runs
  uint64_t blocks_begun;   // since the process started
  uint64_t shared_bytes;   // of the block that runs
  // Both return when the other threads have come too. `line`: where the barrier is.
  void (*sync_threads)(int line);
  uint64_t (*warp)(WarpOperation operation, uint32_t mask, uint64_t value, int32_t argument);
};

}  // namespace bilevel::emulation
