#include <algorithm>
#include <utility>

#include "cuda/codegen/blocked_product.h"
#include "cuda/codegen/operations.h"
#include "cuda/codegen/windows.h"

namespace bilevel::cuda {
namespace {

// How a direction of a convolution is computed.
struct Direction {
  bool writes_x, writes_w, writes_y;
  int64_t results;
  bool block_each;  // result has a block by its definition, and not a thread
  const char *by_definition, *by_tiles;
  ProductShape product;  // as which it can be computed (kernels/implicit_gemm.cuh)
  int64_t result_row;    // how many elements of the result lie behind each other in a row of the product
};

Direction direction_of(const Conv& conv, int64_t x, int64_t w, int64_t y) {
  const int64_t group_inputs = conv.input_channels / conv.groups, group_outputs = conv.output_channels / conv.groups;
  const int64_t taps = cells(conv.spatial_rank, conv.kernel), inputs = cells(conv.spatial_rank, conv.input);
  const int64_t windows = cells(conv.spatial_rank, conv.output), weights = group_inputs * taps;
  switch (conv.direction) {
    case ConvDirection::kForward:
      return {false,
              false,
              true,
              y,
              false,
              "conv",
              "implicit_gemm",
              {conv.groups, group_outputs, conv.batch * windows, weights},
              windows};
    case ConvDirection::kInputGradient:
      return {true,
              false,
              false,
              x,
              false,
              "conv_input_gradient",
              "implicit_gemm_input_gradient",
              {conv.groups, group_inputs, conv.batch * inputs, group_outputs * taps},
              inputs};
    case ConvDirection::kFilterGradient:
      return {false,
              true,
              false,
              w,
              true,
              "conv_filter_gradient",
              "implicit_gemm_filter_gradient",
              {conv.groups, group_outputs, weights, conv.batch * windows},
              weights};
  }
  return {};
}

int64_t neighbours(int64_t row) { return row % 4 == 0 ? 4 : 1; }

}  // namespace

std::vector<Kernel> generate_conv(const Program& program, const Conv& conv, const Target& target) {
  const int64_t group_inputs = conv.input_channels / conv.groups, group_outputs = conv.output_channels / conv.groups;
  const int64_t weights = group_inputs * cells(conv.spatial_rank, conv.kernel);
  const int64_t windows = cells(conv.spatial_rank, conv.output);
  const int64_t x = conv.batch * conv.input_channels * cells(conv.spatial_rank, conv.input);
  const int64_t w = conv.output_channels * weights;
  const int64_t y = conv.batch * conv.output_channels * windows;
  const Direction direction = direction_of(conv, x, w, y);
  if (direction.results == 0) return {};
  const std::optional<Tiling> tiling = choose_tiling(direction.product, target.tiling);
  KernelText text(tiling ? "implicit_gemm.cuh" : "conv.cuh");
  const auto buffer = [&](const char* name, int32_t of, bool is_written) {
    is_written ? text.result(program, name, of) : text.operand(program, name, of);
  };
  buffer("x", conv.x, direction.writes_x);
  buffer("w", conv.w, direction.writes_w);
  buffer("y", conv.y, direction.writes_y);
  text.size("kBatch", conv.batch);
  text.size("kGroups", conv.groups);
  text.size("kGroupInputs", group_inputs);
  text.size("kGroupOutputs", group_outputs);
  axes(text, conv);
  if (tiling) {
    text.size("kNeighboursOfW", neighbours(weights));
    text.size("kNeighboursOfY", neighbours(windows));
    text.size("kNeighboursOfResult", neighbours(direction.result_row));
    return {call_blocked_product(std::move(text), direction.by_tiles, direction.product, *tiling, target.precision,
                                 std::max({x, w, y}))};
  }
  return {direction.block_each ? text.call_blocks(direction.by_definition, direction.results)
                               : text.call_threads(direction.by_definition, direction.results)};
}

}  // namespace bilevel::cuda
