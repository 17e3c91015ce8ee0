// What the fake driver counts, for tests that ask it.
#pragma once

#include <cstdint>

namespace bilevel::fake_cuda {

struct Counts {
  int64_t contexts = 0;        // that are there
  int64_t objects = 0;         // in them: memory, streams, events, graphs, modules
  int64_t left_behind = 0;     // objects of contexts that were destroyed, but for those of lost ones
  int64_t launches = 0;        // of kernels, where they ran
  int64_t graph_launches = 0;  // where they were asked for
  int64_t copied_bytes = 0;    // between host and device, where copies were asked for
  int64_t failed_work = 0;     // what touched what it may not, or whose code was gone: it lost its context
};

}  // namespace bilevel::fake_cuda

// Exported by the fake driver.
extern "C" void fake_cuda_counts(bilevel::fake_cuda::Counts* counts);
