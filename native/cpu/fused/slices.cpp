#include "cpu/fused/slices.h"

#include <algorithm>

namespace bilevel::cpu {

SlicedView slice_view(const Touched& whole, const View& view, std::span<const int64_t> sizes, size_t axis) {
  const Footprint& all = whole.footprint;
  const int64_t width = all.width, step = view.strides[axis] * width, period = step * sizes[axis];
  int64_t start = all.start, end = all.start + width;
  for (size_t d = 0; d < sizes.size(); ++d) {
    const int64_t stride = view.strides[d] * width, reach = (sizes[d] - 1) * stride;
    if (d == axis || reach == 0 || (step > 0 && stride % period == 0)) continue;
    (reach > 0 ? end : start) += reach;
  }
  return {&whole, step, start, end - start <= step ? end - start : 0};
}

bool are_independent(const SlicedView& a, const SlicedView& b, int64_t slices) {
  if ((!a.whole->written && !b.whole->written) || are_disjoint(a.whole->footprint, b.whole->footprint)) return true;
  if (a.length == 0 || b.length == 0 || a.step != b.step) return false;
  // Both fit one pattern of slices a step long, which begins where the earlier one does.
  const int64_t period = a.step * slices;
  const int64_t behind = ((b.start - a.start) % period + period) % period, before = period - behind;
  return std::max(a.length, behind + b.length) <= a.step || std::max(before + a.length, b.length) <= a.step;
}

}  // namespace bilevel::cpu
