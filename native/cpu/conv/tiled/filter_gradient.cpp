#include "cpu/conv/tiled/filter_gradient.h"

#include <algorithm>
#include <atomic>

#include "cpu/kernel/interrupt.h"

namespace bilevel::cpu::tiled {
namespace {

// Of the tiles of both operands that are transformed at one time. Sums that are large come from memory for each time,
// so tiles may do so too.
int64_t bytes_at_once(int64_t sums_bytes) { return std::max(int64_t{4} << 20, sums_bytes / 2); }

}  // namespace

FilterGradient::FilterGradient(const Conv& conv, int threads, const Loops& loops)
    : tiling_(Geometry(conv), loops, loops.block_tiles),
      parts_(useful_threads(tiling_.geometry.flops() / kConvFlopsPerUnit, threads)),
      bands_at_once_(
          tiling_.bands_within(bytes_at_once(4 * sums_size()), tiling_.input_blocks + tiling_.output_blocks())) {}

// The transformed tiles of both operands, the sums of their products and for each part what is staged.
int64_t FilterGradient::workspace_bytes() const {
  return 4 *
         (tiling_.tiles_size(bands_at_once_, tiling_.input_blocks) +
          tiling_.tiles_size(bands_at_once_, tiling_.output_blocks()) + sums_size() + parts_ * tiling_.staged_size());
}

// Adds the products of `count` tiles at one point, for all inputs and the outputs of a panel: sums[input][output].
void FilterGradient::multiply(const float* inputs, const float* gradients, int64_t count, int64_t point, int64_t panel,
                              bool adds, float* sums) const {
  const int64_t lanes = tiling_.loops.lanes, block_size = tiling_.block_tiles * lanes;
  const Tiles a = tiling_.tiles(const_cast<float*>(inputs), tiling_.input_blocks, 0);
  const Tiles b = tiling_.tiles(const_cast<float*>(gradients), tiling_.output_blocks(), 2 * panel);
  for (int64_t first = 0; first < count; first += tiling_.block_tiles) {
    const int64_t block = first / tiling_.block_tiles;
    const Product product{.outer = 1,
                          .inner = std::min(count - first, tiling_.block_tiles),
                          .a_outer = 0,
                          .a_inner = lanes,
                          .a_row = 1,
                          .b_outer = 0,
                          .b_inner = lanes,
                          .b_vector = block_size,
                          .rows = lanes,
                          .adds = adds || block > 0};
    for (int64_t input = 0; input < tiling_.input_blocks; ++input) {
      tiling_.loops.multiply(product, a.data + block * a.block_stride + point * a.point_stride + input * block_size,
                             b.data + block * b.block_stride + point * b.point_stride,
                             sums + input * lanes * 2 * lanes);
    }
  }
}

bool FilterGradient::run(const float* x, float* w, const float* y, std::byte* workspace) const {
  const Geometry& g = tiling_.geometry;
  const int64_t lanes = tiling_.loops.lanes, panels = tiling_.panels;
  float* const inputs = reinterpret_cast<float*>(workspace);
  float* const gradients = inputs + tiling_.tiles_size(bands_at_once_, tiling_.input_blocks);
  float* const sums = gradients + tiling_.tiles_size(bands_at_once_, tiling_.output_blocks());
  float* const staged = sums + sums_size();
  const Interrupt interrupt;
  for (int64_t first = 0; first < tiling_.bands && !interrupt.requested(); first += bands_at_once_) {
    const int64_t bands = std::min(bands_at_once_, tiling_.bands - first);
    parallel(parts_, [&](int part) {
      float* const own = staged + part * tiling_.staged_size();
      tiling_.transform_inputs(x, first, bands, share(bands * tiling_.input_blocks, part, parts_), own, inputs);
      tiling_.transform_output_gradients(y, first, bands, share(bands * tiling_.output_blocks(), part, parts_), own,
                                         gradients);
    });
    parallel(parts_, [&](int part) {
      const auto [begin, end] = share(tiling_.loops.products * panels, part, parts_);
      for (int64_t i = begin; i < end && !interrupt.requested(); ++i) {
        multiply(inputs, gradients, bands * tiling_.columns, i / panels, i % panels, first > 0,
                 sums + i / panels * sums_point_stride() + i % panels * panel_size());
      }
    });
  }
  std::atomic<bool> finite = true;
  parallel(parts_, [&](int part) {
    const auto [begin, end] = share(panels * g.inputs, part, parts_);
    FiniteCheck check;
    for (int64_t i = begin; i < end; ++i) {
      const int64_t panel = i / g.inputs, input = i % g.inputs;
      for (int64_t output = panel * 2 * lanes; output < std::min((panel + 1) * 2 * lanes, g.outputs); output += lanes) {
        tiling_.loops.transform_weights_gradient[tiling_.kernel_index()](
            sums + panel * panel_size() + input * 2 * lanes + output % (2 * lanes), sums_point_stride(),
            std::min(g.outputs - output, lanes), g.inputs * g.taps(), w + (output * g.inputs + input) * g.taps(),
            check.lanes);
      }
    }
    if (!check.passed()) finite = false;
  });
  return finite;
}

}  // namespace bilevel::cpu::tiled
