// What all device code is written with. NVRTC and nvcc compile it, and a host compiler behind
// native/test/emulation/device.h: it uses only what all three know.
#pragma once

#if !defined(BILEVEL_EMULATED)
// A kernel with one parameter `args`. Says whether its threads wait for each other, which only the emulation asks for.
// One block on a multiprocessor is enough: where nvcc decides how many there should be, some kernels spill.
#define BILEVEL_KERNEL(name, Arguments, uses_barriers) \
  extern "C" __global__ void __launch_bounds__(256, 1) name(const Arguments args)
// A variable that the threads of a block share.
#define BILEVEL_SHARED(Type, name) __shared__ Type name
#define BILEVEL_INLINE __device__ __forceinline__
// Of the loop that follows: what it indexes can then be in registers.
#define BILEVEL_UNROLL _Pragma("unroll")
#endif

// NVRTC has no headers.
#if defined(__CUDACC_RTC__)
typedef unsigned char uint8_t;
typedef int int32_t;
typedef unsigned int uint32_t;
typedef long long int64_t;
typedef unsigned long long uint64_t;
#define INT32_MIN (-2147483647 - 1)
#define INT64_MAX 0x7fffffffffffffffll
#define INT64_MIN (-INT64_MAX - 1)
#else
#include <stdint.h>
#endif

namespace bilevel {

// Of every block.
constexpr uint32_t kThreads = 256;
constexpr uint32_t kLanes = 32;

// The number of this thread in the grid, where `block` is that of its block.
template <typename Index>
BILEVEL_INLINE Index thread_number(uint32_t block) {
  return static_cast<Index>(block) * kThreads + threadIdx.x;
}

}  // namespace bilevel
