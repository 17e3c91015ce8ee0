// Convolutions and poolings.
#include <string>

#include "cuda/codegen/kernel_text.h"
#include "cuda/codegen/operations.h"

namespace bilevel::cuda {
namespace {

void axis(KernelText& text, const std::string& name, std::initializer_list<int64_t> fields) {
  std::string list;
  for (const int64_t field : fields) list += (list.empty() ? "" : ", ") + std::to_string(field);
  text.member("static BILEVEL_INLINE constexpr Axis " + name + "() { return {" + list + "}; }");
}

// Of a Conv or a Pool. One spatial dimension is one row.
template <typename Windowed>
void axes(KernelText& text, const Windowed& of) {
  const auto add = [&](const std::string& name, size_t d) {
    axis(text, name,
         {of.input[d], of.kernel[d], of.output[d], of.stride[d], of.dilation[d], of.pad_low[d], of.pad_high[d]});
  };
  if (of.spatial_rank == 2) {
    add("rows", 0);
  } else {
    axis(text, "rows", {1, 1, 1, 1, 1, 0, 0});
  }
  add("columns", of.spatial_rank == 2 ? 1 : 0);
}

int64_t cells(int32_t spatial_rank, const Spatial& sizes) { return spatial_rank == 2 ? sizes[0] * sizes[1] : sizes[0]; }

}  // namespace

std::vector<Kernel> generate_conv(const Program& program, const Conv& conv) {
  const int64_t group_inputs = conv.input_channels / conv.groups, group_outputs = conv.output_channels / conv.groups;
  const int64_t x = conv.batch * conv.input_channels * cells(conv.spatial_rank, conv.input);
  const int64_t w = conv.output_channels * group_inputs * cells(conv.spatial_rank, conv.kernel);
  const int64_t y = conv.batch * conv.output_channels * cells(conv.spatial_rank, conv.output);
  const auto text_of = [&](auto x_is, auto w_is, auto y_is) {
    KernelText text("conv.cuh");
    (text.*x_is)(program, "x", conv.x, 0);
    (text.*w_is)(program, "w", conv.w, 0);
    (text.*y_is)(program, "y", conv.y, 0);
    text.size("kBatch", conv.batch);
    text.size("kGroups", conv.groups);
    text.size("kGroupInputs", group_inputs);
    text.size("kGroupOutputs", group_outputs);
    axes(text, conv);
    return text;
  };
  constexpr auto kReads = &KernelText::operand, kWrites = &KernelText::result;
  switch (conv.direction) {
    case ConvDirection::kForward:
      if (y == 0) return {};
      return {text_of(kReads, kReads, kWrites).call_threads("conv", y)};
    case ConvDirection::kInputGradient:
      if (x == 0) return {};
      return {text_of(kWrites, kReads, kReads).call_threads("conv_input_gradient", x)};
    case ConvDirection::kFilterGradient:
      if (w == 0) return {};
      return {text_of(kReads, kWrites, kReads).call_blocks("conv_filter_gradient", w)};
  }
  return {};
}

std::vector<Kernel> generate_pool(const Program& program, const Pool& pool) {
  const int64_t x = pool.planes * cells(pool.spatial_rank, pool.input);
  const int64_t y = pool.planes * cells(pool.spatial_rank, pool.output);
  if ((pool.kind == PoolKind::kAverageGradient ? x : y) == 0) return {};
  KernelText text("pool.cuh");
  axes(text, pool);
  if (pool.kind == PoolKind::kMax) {
    text.operand(program, "x", pool.x);
    if (pool.scale) text.operand(program, "scale", *pool.scale);
    text.result(program, "indices", pool.indices);
    text.result(program, "y", pool.y);
    return {text.call_threads(pool.scale ? "scaled_max_pool" : "max_pool", y)};
  }
  text.size("kCountIncludePad", pool.count_include_pad);
  if (pool.kind == PoolKind::kAverage) {
    text.operand(program, "x", pool.x);
    text.result(program, "y", pool.y);
    return {text.call_threads("average_pool", y)};
  }
  text.result(program, "x", pool.x);
  text.operand(program, "y", pool.y);
  return {text.call_threads("average_pool_gradient", x)};
}

}  // namespace bilevel::cuda
