// The kernels of a program with the addresses that they are given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "cuda/codegen/kernel.h"
#include "cuda/compile/kernel_table.h"
#include "cuda/context/queue.h"

namespace bilevel::cuda {

struct Launch {
  LoadedKernel kernel;
  int64_t blocks;
  std::vector<DevicePointer> arguments;
};

// One after the other.
using Launches = std::vector<Launch>;

inline void issue(Queue& queue, std::span<const Launch> launches) {
  for (const Launch& launch : launches) queue.launch(launch.kernel.function, launch.blocks, kThreads, launch.arguments);
}

}  // namespace bilevel::cuda
