// Convolutions and poolings, windows that slide over one or two spatial dimensions, and warps of images.
#include <algorithm>
#include <string>

#include "program/decode_instruction.h"
#include "program/limits.h"

namespace bilevel {
namespace {

// The words that convolutions and poolings have in common, in the order of the format.
struct Windows {
  Spatial input{}, kernel{}, output{}, stride{}, dilation{}, pad_low{}, pad_high{};

  Windows(WordReader& words, int32_t rank) {
    const auto each = [&](const char* name, Spatial& values, int64_t low, int64_t limit) {
      for (int64_t d = 0; d < rank; ++d) values[static_cast<size_t>(d)] = words.limited({name, d}, low, limit);
    };
    each("inputSize", input, 0, kMaxDimension);
    each("kernelSize", kernel, 1, kMaxWindow);
    each("outputSize", output, 0, kMaxDimension);
    each("stride", stride, 1, kMaxWindow);
    each("dilation", dilation, 1, kMaxWindow);
    each("padLow", pad_low, 0, kMaxWindow);
    each("padHigh", pad_high, 0, kMaxWindow);
  }

  // How far the last whole window may start after the first; negative when not even one fits. The limits keep this far
  // from overflow.
  int64_t room(size_t d) const { return input[d] + pad_low[d] + pad_high[d] - dilation[d] * (kernel[d] - 1) - 1; }
};

int64_t floor_divide(int64_t a, int64_t b) { return a / b - (a % b < 0); }

template <typename Target>
void copy(const Windows& from, Target& to) {
  to.input = from.input;
  to.kernel = from.kernel;
  to.output = from.output;
  to.stride = from.stride;
  to.dilation = from.dilation;
  to.pad_low = from.pad_low;
  to.pad_high = from.pad_high;
}

int64_t spatial_volume(const WordReader& words, Field field, int64_t a, int64_t b, const Spatial& sizes, int32_t rank) {
  return words.volume(field, {a, b, sizes[0], rank == 2 ? sizes[1] : 1});
}

void check_conv_output(const WordReader& words, const Windows& windows, size_t d) {
  const int64_t expected = std::max<int64_t>(0, floor_divide(windows.room(d), windows.stride[d]) + 1);
  if (windows.output[d] != expected) {
    words.refuse({"outputSize", static_cast<int64_t>(d)},
                 "the window gives " + std::to_string(expected) + " but found " + std::to_string(windows.output[d]));
  }
}

// Windows that are looked at one by one.
constexpr int64_t kMaxWindowsInDoubt = int64_t{1} << 12;

// Every window must hold an element of the input: a maximum over padding alone has no index.
void check_pool_output(const WordReader& words, const Windows& windows, size_t d) {
  const Field field{"outputSize", static_cast<int64_t>(d)};
  const int64_t count = windows.output[d], stride = windows.stride[d], room = windows.room(d);
  const int64_t whole = floor_divide(room, stride) + 1, at_most = -floor_divide(-room, stride) + 1;
  if (count < whole || count > at_most) {
    words.refuse(field, "the window gives " + std::to_string(whole) + " to " + std::to_string(at_most) + " but found " +
                            std::to_string(count));
  }
  const auto holds_input = [&](int64_t index) {
    const int64_t start = index * stride - windows.pad_low[d];
    const int64_t skipped = start < 0 ? (-start + windows.dilation[d] - 1) / windows.dilation[d] : 0;
    return skipped < windows.kernel[d] && start + skipped * windows.dilation[d] < windows.input[d];
  };
  // Of the windows that begin before the input, the first holds least of it; only where steps are wider than the input
  // can a later one step over it.
  const bool steps_over = windows.dilation[d] > windows.input[d];
  const int64_t before_input = std::min(count, (windows.pad_low[d] + stride - 1) / stride);
  const int64_t in_doubt = steps_over ? before_input : std::min<int64_t>(before_input, 1);
  if (in_doubt > kMaxWindowsInDoubt) {
    words.refuse_limit({"dilation", static_cast<int64_t>(d)},
                       "it is above the input, with " + std::to_string(in_doubt) + " windows that begin before that");
  }
  for (int64_t index = 0; index < in_doubt; ++index) {
    if (!holds_input(index)) words.refuse(field, "window " + std::to_string(index) + " holds only padding");
  }
  if (count > 0 && !holds_input(count - 1)) words.refuse(field, "the last window holds only padding");
}

}  // namespace

Conv decode_conv(InstructionReader& reader, ConvDirection direction) {
  WordReader& words = reader.words;
  Conv conv{};
  conv.direction = direction;
  conv.spatial_rank = static_cast<int32_t>(words.integer("spatialRank", 1, 2));
  conv.batch = words.limited("batch", 0, kMaxDimension);
  conv.input_channels = words.limited("inputChannels", 1, kMaxDimension);
  conv.output_channels = words.limited("outputChannels", 1, kMaxDimension);
  conv.groups = words.limited("groups", 1, kMaxDimension);
  if (conv.input_channels % conv.groups != 0 || conv.output_channels % conv.groups != 0) {
    words.refuse("groups", "it must divide inputChannels and outputChannels");
  }
  const Windows windows(words, conv.spatial_rank);
  for (int32_t d = 0; d < conv.spatial_rank; ++d) check_conv_output(words, windows, static_cast<size_t>(d));
  copy(windows, conv);

  const auto use = [&](ConvDirection writer) { return direction == writer ? Use::kWrite : Use::kRead; };
  conv.x =
      reader.whole("bufferX", use(ConvDirection::kInputGradient), kFloat32Only,
                   spatial_volume(words, "bufferX", conv.batch, conv.input_channels, conv.input, conv.spatial_rank));
  conv.w = reader.whole("bufferW", use(ConvDirection::kFilterGradient), kFloat32Only,
                        spatial_volume(words, "bufferW", conv.output_channels, conv.input_channels / conv.groups,
                                       conv.kernel, conv.spatial_rank));
  conv.y =
      reader.whole("bufferY", use(ConvDirection::kForward), kFloat32Only,
                   spatial_volume(words, "bufferY", conv.batch, conv.output_channels, conv.output, conv.spatial_rank));
  return conv;
}

Pool decode_pool(InstructionReader& reader, PoolKind kind) {
  WordReader& words = reader.words;
  Pool pool{};
  pool.kind = kind;
  pool.spatial_rank = static_cast<int32_t>(words.integer("spatialRank", 1, 2));
  pool.planes = words.limited("planes", 0, kMaxDimension);
  const bool maxima = kind == PoolKind::kMax;
  const Windows windows(words, pool.spatial_rank);
  for (int32_t d = 0; d < pool.spatial_rank; ++d) {
    check_pool_output(words, windows, static_cast<size_t>(d));
    if (!maxima && windows.dilation[static_cast<size_t>(d)] != 1) {
      words.refuse({"dilation", d}, "average pooling has dilation 1");
    }
  }
  if (words.volume("kernelSize", {windows.kernel[0], pool.spatial_rank == 2 ? windows.kernel[1] : 1}) > kMaxWindow) {
    words.refuse_limit("kernelSize", "a window has at most " + std::to_string(kMaxWindow) + " cells");
  }
  copy(windows, pool);
  const auto volume = [&](const char* field, const Spatial& sizes) {
    return spatial_volume(words, field, pool.planes, 1, sizes, pool.spatial_rank);
  };
  const bool scaled = maxima && words.flag("scaled");
  if (!maxima) pool.count_include_pad = words.flag("countIncludePad");
  if (maxima && words.volume("inputSize", {pool.input[0], pool.spatial_rank == 2 ? pool.input[1] : 1}) > INT32_MAX) {
    words.refuse_limit("inputSize", "positions within a plane are int32");
  }

  const bool gradient = kind == PoolKind::kAverageGradient;
  const Use of_x = gradient ? Use::kWrite : Use::kRead, of_y = gradient ? Use::kRead : Use::kWrite;
  pool.x = reader.whole("bufferX", of_x, kFloat32Only, volume("bufferX", pool.input));
  if (scaled) pool.scale = reader.whole("bufferScale", Use::kRead, kFloat32Only, pool.planes);
  if (maxima) pool.indices = reader.whole("bufferIndices", of_y, kInt32Only, volume("bufferIndices", pool.output));
  pool.y = reader.whole("bufferY", of_y, kFloat32Only, volume("bufferY", pool.output));
  return pool;
}

WarpAffine decode_warp_affine(InstructionReader& reader, bool transposed) {
  WordReader& words = reader.words;
  WarpAffine warp{};
  warp.transposed = transposed;
  warp.batch = words.limited("batch", 0, kMaxDimension);
  warp.channels = words.limited("channels", 0, kMaxDimension);
  for (int64_t d = 0; d < 2; ++d) {
    warp.input[static_cast<size_t>(d)] = words.limited({"inputSize", d}, 1, kMaxImageSide);
  }
  for (int64_t d = 0; d < 2; ++d) {
    warp.output[static_cast<size_t>(d)] = words.limited({"outputSize", d}, 0, kMaxImageSide);
  }
  if (words.volume("inputSize", warp.input) > INT32_MAX) {
    words.refuse_limit("inputSize", "positions within a plane are int32");
  }
  const auto volume = [&](const char* field, const Spatial& sizes) {
    return spatial_volume(words, field, warp.batch, warp.channels, sizes, 2);
  };
  warp.x = reader.whole("bufferX", transposed ? Use::kWrite : Use::kRead, kFloat32Only, volume("bufferX", warp.input));
  warp.table = reader.whole("bufferTable", Use::kRead, kFloat32Only, words.volume("bufferTable", {warp.batch, 6}));
  warp.y = reader.whole("bufferY", transposed ? Use::kRead : Use::kWrite, kFloat32Only, volume("bufferY", warp.output));
  return warp;
}

}  // namespace bilevel
