// How windows lie, as kernels/windows.cuh has it.
#pragma once

#include <initializer_list>
#include <string>

#include "cuda/codegen/kernel_text.h"

namespace bilevel::cuda {

inline int64_t cells(int32_t spatial_rank, const Spatial& sizes) {
  return spatial_rank == 2 ? sizes[0] * sizes[1] : sizes[0];
}

// Of a Conv or a Pool. One spatial dimension is one row.
template <typename Windowed>
void axes(KernelText& text, const Windowed& of) {
  const auto add = [&](const std::string& name, std::initializer_list<int64_t> fields) {
    std::string list;
    for (const int64_t field : fields) list += (list.empty() ? "" : ", ") + std::to_string(field);
    text.member("static BILEVEL_INLINE constexpr Axis " + name + "() { return {" + list + "}; }");
  };
  const auto add_dimension = [&](const std::string& name, size_t d) {
    add(name, {of.input[d], of.kernel[d], of.output[d], of.stride[d], of.dilation[d], of.pad_low[d], of.pad_high[d]});
  };
  if (of.spatial_rank == 2) {
    add_dimension("rows", 0);
  } else {
    add("rows", {1, 1, 1, 1, 1, 0, 0});
  }
  add_dimension("columns", of.spatial_rank == 2 ? 1 : 0);
}

}  // namespace bilevel::cuda
