#include "cpu/fused/slices.h"

#include <algorithm>

namespace bilevel::cpu {

SlicedView slice_view(const Buffer& buffer, const View& view, std::span<const int64_t> sizes, size_t axis,
                      bool written) {
  Footprint whole = footprint_of(buffer, view, sizes);
  const int64_t step = view.strides[axis] * whole.width, period = step * sizes[axis];
  int64_t start = whole.start, end = whole.start + whole.width;
  for (size_t d = 0; d < sizes.size(); ++d) {
    const int64_t reach = (sizes[d] - 1) * view.strides[d] * whole.width;
    if (d == axis || reach == 0 || (step > 0 && view.strides[d] * whole.width % period == 0)) continue;
    (reach > 0 ? end : start) += reach;
  }
  const int64_t length = end - start <= step ? end - start : 0;
  return {std::move(whole), written, step, start, length};
}

bool are_independent(const SlicedView& a, const SlicedView& b, int64_t slices) {
  if ((!a.written && !b.written) || are_disjoint(a.whole, b.whole)) return true;
  if (a.length == 0 || b.length == 0 || a.step != b.step) return false;
  // Both fit one pattern of slices a step long, which begins where the earlier one does.
  const int64_t period = a.step * slices;
  const int64_t behind = ((b.start - a.start) % period + period) % period, before = period - behind;
  return std::max(a.length, behind + b.length) <= a.step || std::max(before + a.length, b.length) <= a.step;
}

}  // namespace bilevel::cpu
