// What an encoded program may ask for at most. Far above any real network; they keep size arithmetic within int64 and
// stop a damaged program before it makes the decoder allocate.
#pragma once

#include <cstdint>

namespace bilevel {

inline constexpr int64_t kMaxWords = int64_t{1} << 26;
inline constexpr int64_t kMaxBindings = int64_t{1} << 16;
inline constexpr int64_t kMaxBuffers = int64_t{1} << 22;
inline constexpr int64_t kMaxInstructions = int64_t{1} << 20;
inline constexpr int64_t kMaxTapeSteps = int64_t{1} << 12;
// Bytes of the arena or of one tensor.
inline constexpr int64_t kMaxBytes = int64_t{1} << 40;
// Elements of a buffer or of an iteration space.
inline constexpr int64_t kMaxElements = kMaxBytes / 8;
// One dimension of a matrix product, a convolution or a pooling; libraries keep these in 32 bits.
inline constexpr int64_t kMaxDimension = INT32_MAX;
// Kernel sizes, strides, dilations and paddings, and the cells of a pooling's window.
inline constexpr int64_t kMaxWindow = int64_t{1} << 24;
// Rows and columns of an image that is warped: float32 tells the positions of more apart no longer.
inline constexpr int64_t kMaxImageSide = int64_t{1} << 24;
// Buffers start at multiples of this many bytes within the arena and the constants.
inline constexpr int64_t kAlignment = 64;

}  // namespace bilevel
