#include "program/footprint.h"

#include <algorithm>
#include <cstdlib>

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
