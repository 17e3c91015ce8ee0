// Enough of CUDA C++ for device code to be compiled by a host compiler, which includes this before it. It has only what
// the kernels use.
#pragma once
#define BILEVEL_EMULATED

#include <math.h>
#include <stdint.h>
#include <string.h>

#include <type_traits>

#include "test/emulation/runtime.h"

#define __device__
#define BILEVEL_INLINE inline
#define BILEVEL_UNROLL

struct alignas(16) float4 {
  float x, y, z, w;
};

namespace bilevel::emulation {

extern "C" {
// Set by whoever loads the compiled code.
__attribute__((visibility("default"))) inline Runtime* bilevel_runtime = nullptr;
}

// Memory of a block, of which every block finds floats that are NaN.
template <typename Type>
struct Shared {
  Type memory;
  uint64_t block = 0;

  Type& of_block() {
    if (block != bilevel_runtime->blocks_begun) {
      block = bilevel_runtime->blocks_begun;
      bilevel_runtime->shared_bytes += sizeof(Type);
      memset(static_cast<void*>(&memory), 0xff, sizeof(Type));
    }
    return memory;
  }
};

template <typename Type>
Type in_warp(WarpOperation operation, unsigned mask, Type value, int argument) {
  static_assert(std::is_trivially_copyable_v<Type> && sizeof(Type) <= 8);
  uint64_t bits = 0;
  memcpy(&bits, &value, sizeof(Type));
  bits = bilevel_runtime->warp(operation, mask, bits, argument);
  memcpy(&value, &bits, sizeof(Type));
  return value;
}

}  // namespace bilevel::emulation

#define threadIdx (bilevel::emulation::bilevel_runtime->thread)
#define blockIdx (bilevel::emulation::bilevel_runtime->block)

#define BILEVEL_SHARED(Type, name)                           \
  static bilevel::emulation::Shared<Type> name##_of_a_block; \
  Type& name = name##_of_a_block.of_block()

// `name` takes a pointer to the arguments.
#define BILEVEL_KERNEL(name, Arguments, uses_barriers)                                         \
  static void name##_body(const Arguments& args);                                              \
  extern "C" __attribute__((visibility("default"))) void name(const void* arguments) {         \
    name##_body(*static_cast<const Arguments*>(arguments));                                    \
  }                                                                                            \
  extern "C" __attribute__((visibility("default"))) const bool name##_has_barriers;            \
  const bool name##_has_barriers = uses_barriers;                                              \
  extern "C" __attribute__((visibility("default"))) const unsigned long name##_argument_bytes; \
  const unsigned long name##_argument_bytes = sizeof(Arguments);                               \
  static void name##_body(const Arguments& args)

#define __syncthreads() bilevel::emulation::bilevel_runtime->sync_threads(__LINE__)
inline void __syncwarp(unsigned mask) {
  bilevel::emulation::in_warp(bilevel::emulation::WarpOperation::kSync, mask, 0, 0);
}
template <typename Type>
Type __shfl_sync(unsigned mask, Type value, int lane) {
  return bilevel::emulation::in_warp(bilevel::emulation::WarpOperation::kShuffle, mask, value, lane);
}
template <typename Type>
Type __shfl_xor_sync(unsigned mask, Type value, int lanes) {
  return bilevel::emulation::in_warp(bilevel::emulation::WarpOperation::kShuffleXor, mask, value, lanes);
}
inline unsigned __match_any_sync(unsigned mask, unsigned long long value) {
  return static_cast<unsigned>(
      bilevel::emulation::in_warp(bilevel::emulation::WarpOperation::kMatchAny, mask, value, 0));
}
inline unsigned __ballot_sync(unsigned mask, int predicate) {
  return static_cast<unsigned>(
      bilevel::emulation::in_warp(bilevel::emulation::WarpOperation::kBallot, mask, uint64_t{predicate != 0}, 0));
}

// Threads change over at barriers and warp operations only, so that nothing comes in between.
inline void __threadfence() {}
inline unsigned atomicAdd(unsigned* to, unsigned value) {
  const unsigned old = *to;
  *to += value;
  return old;
}
inline unsigned long long atomicMin(unsigned long long* to, unsigned long long value) {
  const unsigned long long old = *to;
  *to = value < old ? value : old;
  return old;
}

inline unsigned __umulhi(unsigned a, unsigned b) {
  return static_cast<unsigned>((static_cast<unsigned long long>(a) * b) >> 32);
}
inline int __ffs(int x) { return __builtin_ffs(x); }
// As the CPU engine, which multiplies and adds apart where the processor cannot do both at once.
#if defined(__FMA__) || !defined(__x86_64__)
inline float __fmaf_rn(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
#else
inline float __fmaf_rn(float a, float b, float c) { return a * b + c; }
#endif
