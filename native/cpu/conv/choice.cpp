#include "cpu/conv/choice.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "cpu/conv/direct/shifted_image.h"
#include "cpu/conv/tiled/tiling.h"
#include "cpu/windows/geometry.h"

namespace bilevel::cpu {
namespace {

// The share of the products of an axis that meet the input, not padding.
double meeting_share(const Geometry::Axis& axis) {
  int64_t met = 0;
  for (int64_t tap = 0; tap < axis.kernel; ++tap) {
    const int64_t shift = tap * axis.dilation;
    met += std::max(std::min(axis.end() - shift, axis.output) - std::max(axis.begin() - shift, int64_t{0}), int64_t{0});
  }
  return static_cast<double>(met) / static_cast<double>(axis.kernel * axis.output);
}

// In cycles of a core that multiplies and adds two vectors in one, each with a vector of numbers in place of one: for a
// cycle's worth of products, for each tile and channel of an operand its transform, and for each kernel its own.
struct TileCosts {
  double products, tile, kernel;
};

// Measured with AVX-512, one and two threads, batches of 10 to 200, 6 to 512 channels, kernels of 3 to 7, planes of 3 x
// 3 to 84 x 84, where the better one takes 0.5 to 5 times the speed of other ways; with other vectors all of them
// change alike. The many products of Fourier's transforms come from farther caches.
constexpr TileCosts kWinogradCosts{1.3, 10, 11}, kFourierCosts{1.7, 20, 120};

double cycles_of_tiles(const Conv& conv, const tiled::Loops& loops, const TileCosts& costs) {
  const Geometry g = spreading_is_faster(conv, loops) ? forward_geometry(conv) : Geometry(conv);
  const tiled::Tiling tiling(g, loops, loops.block_tiles);
  const auto lanes = static_cast<double>(loops.lanes), products = static_cast<double>(loops.products);
  const auto inputs = static_cast<double>(tiling.input_blocks) * lanes;
  const auto outputs = static_cast<double>(tiling.panels) * 2 * lanes;
  const auto tiles = static_cast<double>(tiling.bands * tiling.columns);
  // Weights that are too many to be kept are transformed anew for each part of the tiles, and come from memory.
  double times = 1;
  if (conv.direction != ConvDirection::kFilterGradient && 4 * products * inputs * outputs > tiled::kWeightsBytes) {
    times = 2 * std::ceil(4 * products * inputs * tiles / tiled::kBytesAtOnce);
  }
  return costs.products * tiles * products * inputs * outputs / (2 * lanes) +
         (costs.tile * tiles * (inputs + outputs) + costs.kernel * times * inputs * outputs) * 16 / lanes;
}

}  // namespace

// Measured against oneDNN 2.6 on AVX-512 with one and two threads: batches of 10 to 200, 1 to 128 channels, kernels of
// 1 x 1 to 5 x 5, planes of 7 x 7 to 224 x 224.
bool direct_is_faster(const Conv& conv, Precision precision) {
  const Geometry g(conv);
  const int64_t lanes = direct::loops().lanes, cells = g.output_cells();
  for (size_t d = 0; d < static_cast<size_t>(conv.spatial_rank); ++d) {
    if (conv.stride[d] != 1) return false;
  }
  if (cells < lanes) return false;
  // oneDNN rounds operands then, and is twice as fast.
  if (precision == Precision::kBfloat16 && g.inputs >= 16 && g.outputs >= 16) return false;
  // Beyond, the shifted image leaves the caches, or the weights do, each of which is a vector of sums in a gradient.
  constexpr int64_t kMaxImage = int64_t{1} << 20, kMaxWeights = int64_t{1} << 18, kMaxSums = int64_t{1} << 16;
  const bool filter = conv.direction == ConvDirection::kFilterGradient;
  if (g.weights() > (filter ? kMaxSums : kMaxWeights)) return false;
  if (g.rows.padded() > kMaxImage / g.columns.padded()) return false;
  if (direct::shifted_size(direct::shifted_image(g, lanes)) > kMaxImage) return false;

  const double useful = meeting_share(g.rows) * meeting_share(g.columns) * static_cast<double>(cells) /
                        static_cast<double>(ceil_divide(cells, lanes) * lanes);
  // oneDNN is good where channels fill its blocks of 16. There we have 0.97 to 1.25 times its speed while little is
  // wasted.
  const bool filled = g.inputs % 16 == 0 && g.outputs % 16 == 0;
  // Elsewhere 0.95 to 12 times, except where too few sums share what is loaded.
  if (filter) return !filled && g.inputs * g.outputs > 1 && useful >= 0.45;
  const bool narrow = g.outputs < 4 && g.inputs >= 16;
  return !narrow && useful >= (filled ? 0.9 : 0.45);
}

const tiled::Loops* faster_tiles(const Conv& conv, Precision precision) {
  const tiled::Loops* best = nullptr;
  double least = std::numeric_limits<double>::infinity();
  const auto consider = [&](const tiled::Loops& loops, const TileCosts& costs) {
    const double cycles = tiled::has_tiling(conv, loops) ? cycles_of_tiles(conv, loops, costs) : least;
    if (cycles >= least) return;
    best = &loops;
    least = cycles;
  };
  consider(tiled::winograd(), kWinogradCosts);
  consider(tiled::fourier(), kFourierCosts);
  const Geometry g = forward_geometry(conv);
  double others = static_cast<double>(g.flops()) / (4 * static_cast<double>(tiled::winograd().lanes)) * 1.1;
  // The others leave products with padding out.
  others *= meeting_share(g.rows) * meeting_share(g.columns);
  // Products of bfloat16 numbers take half the time with AVX-512 BF16, and rounding a good part of what that saves.
  if (precision == Precision::kBfloat16) others /= 1.5;
  return least * 1.1 < others ? best : nullptr;
}

// Products are most of the work, and both ways are alike in the rest. Planes of many tiles would leave the second
// cache.
bool spreading_is_faster(const Conv& conv, const tiled::Loops& loops) {
  if (conv.direction != ConvDirection::kInputGradient) return false;
  const auto tiles = [&](const Geometry& g) {
    const tiled::Tiling tiling(g, loops, loops.block_tiles);
    return tiling.rows * tiling.columns;
  };
  const int64_t spread = tiles(forward_geometry(conv));
  return spread <= 2 * loops.block_tiles && 5 * spread < 4 * tiles(Geometry(conv));
}

}  // namespace bilevel::cpu
