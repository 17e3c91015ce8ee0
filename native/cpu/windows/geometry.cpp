#include "cpu/windows/geometry.h"

#include <algorithm>

namespace bilevel::cpu {
namespace {

Geometry::Axis axis(const Conv& conv, size_t d) {
  if (conv.direction != ConvDirection::kInputGradient) {
    return {conv.input[d], conv.kernel[d], conv.output[d], conv.dilation[d], conv.pad_low[d]};
  }
  return {conv.output[d], conv.kernel[d], conv.input[d], conv.dilation[d],
          conv.dilation[d] * (conv.kernel[d] - 1) - conv.pad_low[d]};
}

}  // namespace

int64_t Geometry::Axis::begin() const { return std::clamp<int64_t>(pad_low, 0, padded()); }
int64_t Geometry::Axis::end() const { return std::clamp<int64_t>(pad_low + input, begin(), padded()); }

Geometry::Geometry(const Conv& conv)
    : batch(conv.batch),
      groups(conv.groups),
      inputs(conv.input_channels / conv.groups),
      outputs(conv.output_channels / conv.groups),
      rows(conv.spatial_rank == 2 ? axis(conv, 0) : Axis{1, 1, 1, 1, 0}),
      columns(axis(conv, conv.spatial_rank == 2 ? 1 : 0)) {
  if (conv.direction == ConvDirection::kInputGradient) std::swap(inputs, outputs);
}

Geometry forward_geometry(Conv conv) {
  conv.direction = ConvDirection::kForward;
  return Geometry(conv);
}

}  // namespace bilevel::cpu
