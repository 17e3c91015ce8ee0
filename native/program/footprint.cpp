#include "program/footprint.h"

#include <algorithm>
#include <cstdlib>

#include "program/program.h"

namespace bilevel {
namespace {

// Sorted by stride, each dimension must step beyond everything that the smaller ones reach. The strides come from a
// view whose extent fits its buffer, so nothing overflows.
bool is_injective(std::vector<Footprint::Dimension> dimensions, int64_t width) {
  std::sort(dimensions.begin(), dimensions.end(),
            [](const auto& a, const auto& b) { return std::abs(a.stride) < std::abs(b.stride); });
  int64_t reach = width - 1;
  for (const auto& [size, stride] : dimensions) {
    if (std::abs(stride) <= reach) return false;
    reach += (size - 1) * std::abs(stride);
  }
  return true;
}

}  // namespace

Footprint footprint_of(const Buffer& buffer) {
  const int64_t bytes = kDTypeBytes[static_cast<size_t>(buffer.dtype)];
  const bool bound = buffer.kind == BufferKind::kBinding;
  const int64_t start = bound ? 0 : buffer.where;
  const auto space = static_cast<int32_t>(bound ? buffer.where + 2 : buffer.kind == BufferKind::kConstant);
  return {.space = space, .start = start, .width = bytes, .begin = start, .end = start, .dimensions = {}};
}

Footprint footprint_of(const Buffer& buffer, const View& view, std::span<const int64_t> sizes) {
  Footprint footprint = footprint_of(buffer);
  footprint.start += view.offset * footprint.width;
  footprint.begin = footprint.start;
  footprint.end = footprint.start + footprint.width;
  for (size_t d = 0; d < sizes.size(); ++d) {
    if (sizes[d] == 1 || view.strides[d] == 0) continue;
    const int64_t stride = view.strides[d] * footprint.width, reach = (sizes[d] - 1) * stride;
    (reach > 0 ? footprint.end : footprint.begin) += reach;
    footprint.dimensions.push_back({sizes[d], stride});
  }
  return footprint;
}

bool is_injective(const Footprint& footprint) { return is_injective(footprint.dimensions, footprint.width); }

bool are_disjoint(const Footprint& a, const Footprint& b) {
  if (a.space != b.space || a.begin == a.end || b.begin == b.end) return true;
  if (a.end <= b.begin || b.end <= a.begin) return true;
  if (a.width != b.width || a.dimensions != b.dimensions) return false;
  // Two interleaved copies of one pattern, like the parts of a concatenation: seen as one pattern with a dimension
  // more.
  std::vector<Footprint::Dimension> both = a.dimensions;
  both.push_back({2, b.start - a.start});
  return is_injective(std::move(both), a.width);
}

bool are_identical(const Footprint& a, const Footprint& b) {
  return a.space == b.space && a.start == b.start && a.width == b.width && a.dimensions == b.dimensions;
}

}  // namespace bilevel
