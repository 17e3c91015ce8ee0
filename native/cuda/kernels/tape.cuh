// The operations of the tape, from the text that the CPU engine's vector loops are made of. Its fused multiply-adds are
// spelled out; the compiler forms none (--fmad=false), so that results have the CPU's bits. Only sin, cos and pow are
// the library's of each side.
#pragma once

#include "cuda/kernels/prelude.cuh"

namespace bilevel {

// What the text expects of a host compiler.
#if !defined(BILEVEL_EMULATED)
BILEVEL_INLINE float bit_cast_to(float, int32_t x) { return __int_as_float(x); }
BILEVEL_INLINE int32_t bit_cast_to(int32_t, float x) { return __float_as_int(x); }
#define __builtin_bit_cast(Type, x) bit_cast_to(Type(), x)
#define __builtin_fmaf __fmaf_rn
#define __builtin_sqrtf __fsqrt_rn
#define __builtin_sinf sinf
#define __builtin_cosf cosf
#define __builtin_powf powf
#define __builtin_floorf floorf
#define __builtin_ceilf ceilf
#define __builtin_rintf rintf
#define __builtin_inff() __int_as_float(0x7f800000)
#define __builtin_nanf(text) __int_as_float(0x7fffffff)
#define __FMA__ 1
#endif

#include "scalar/math.inc"
#include "scalar/operations.inc"

// What a register holds for an element of a buffer, and the reverse.
BILEVEL_INLINE float loaded(float x) { return x; }
BILEVEL_INLINE float loaded(uint8_t x) { return x != 0 ? 1.0f : 0.0f; }
BILEVEL_INLINE int64_t loaded(int32_t x) { return x; }
BILEVEL_INLINE int64_t loaded(int64_t x) { return x; }
BILEVEL_INLINE void store(float& to, float x) { to = x; }
BILEVEL_INLINE void store(uint8_t& to, float x) { to = x != 0.0f; }
BILEVEL_INLINE void store(int32_t& to, int64_t x) { to = static_cast<int32_t>(static_cast<uint32_t>(bits(x))); }
BILEVEL_INLINE void store(int64_t& to, int64_t x) { to = x; }

// Four neighbours in one access; both addresses are multiples of 16.
BILEVEL_INLINE void load4(float* to, const float* from) {
  const float4 four = *reinterpret_cast<const float4*>(from);
  to[0] = four.x;
  to[1] = four.y;
  to[2] = four.z;
  to[3] = four.w;
}
BILEVEL_INLINE void store4(float* to, const float* from) {
  float4 four;
  four.x = from[0];
  four.y = from[1];
  four.z = from[2];
  four.w = from[3];
  *reinterpret_cast<float4*>(to) = four;
}

}  // namespace bilevel
