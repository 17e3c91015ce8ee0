#include "cpu/conv/tiled/input_gradient.h"

#include <atomic>

#include "cpu/kernel/interrupt.h"

namespace bilevel::cpu::tiled {
namespace {

// Whole images, so that no two blocks write the same cells.
int64_t tiles_in_block(const Geometry& g, const Loops& loops) {
  const int64_t tile = loops.points + 1 - g.rows.kernel;
  const int64_t image = ceil_divide(g.rows.output, tile) * ceil_divide(g.columns.output, tile);
  return image * std::max<int64_t>(1, loops.block_tiles / image);
}

Weights weights_of(const Geometry& g) {
  return {.inputs = g.outputs,
          .outputs = g.inputs,
          .input_stride = g.inputs * g.taps(),
          .output_stride = g.taps(),
          .turned = false};
}

}  // namespace

InputGradient::InputGradient(const Conv& conv, int threads, const Loops& loops)
    : tiling_(forward_geometry(conv), loops, tiles_in_block(forward_geometry(conv), loops)),
      parts_(useful_threads(tiling_.geometry.flops() / kConvFlopsPerUnit, threads)),
      products_(tiling_, tiling_.output_blocks(), weights_of(tiling_.geometry), parts_),
      images_at_once_(ceil_divide(tiling_.bands_within(kBytesAtOnce, tiling_.output_blocks()), tiling_.rows)) {}

// Padded, all channels of a vector of outputs.
int64_t InputGradient::plane_size() const {
  return (tiling_.rows * tiling_.tile + tiling_.loops.points - tiling_.tile) * tiling_.input_columns() *
         tiling_.loops.lanes;
}

// The transformed tiles, and for each part what is staged, its transformed weights, the products of a block and a
// plane.
int64_t InputGradient::workspace_bytes() const {
  const int64_t own = tiling_.staged_size() + products_.weights_size() + products_.products_size() + plane_size();
  return 4 * (tiling_.tiles_size(images_at_once_ * tiling_.rows, tiling_.output_blocks()) + parts_ * own);
}

void InputGradient::spread(const float* products, int64_t panel, int64_t first_image, int64_t images, float* plane,
                           float* x, FiniteCheck& check) const {
  const Geometry& g = tiling_.geometry;
  const Loops& loops = tiling_.loops;
  const int64_t columns = tiling_.input_columns();
  for (int64_t image = 0; image < images; ++image) {
    for (int64_t vector = 0; vector < 2 && products_.outputs(panel, vector) > 0; ++vector) {
      std::fill_n(plane, plane_size(), 0.0f);
      for (int64_t i = 0; i < image_tiles(); ++i) {
        const int64_t row = i / tiling_.columns * tiling_.tile, column = i % tiling_.columns * tiling_.tile;
        loops.spread(products + ((image * image_tiles() + i) * 2 + vector) * loops.lanes, products_.products_stride(),
                     columns, plane + (row * columns + column) * loops.lanes);
      }
      const int64_t channel = (panel * 2 + vector) * loops.lanes;
      loops.unstage({.channels = products_.outputs(panel, vector),
                     .height = g.rows.input,
                     .width = g.columns.input,
                     .first_row = -g.rows.pad_low,
                     .left = g.columns.pad_low,
                     .rows = g.rows.input,
                     .columns = columns,
                     .next = 0},
                    plane, x + ((first_image + image) * g.inputs + channel) * g.input_cells(), check.lanes);
    }
  }
}

bool InputGradient::run(float* x, const float* w, const float* y, std::byte* workspace) const {
  const int64_t rows = tiling_.rows;
  float* const tiles = reinterpret_cast<float*>(workspace);
  float* const own = tiles + tiling_.tiles_size(images_at_once_ * rows, tiling_.output_blocks());
  const int64_t own_size = tiling_.staged_size() + products_.weights_size() + products_.products_size() + plane_size();
  std::atomic<bool> finite = true;
  const Interrupt interrupt;
  for (int64_t first = 0; first < tiling_.geometry.batch && !interrupt.requested(); first += images_at_once_) {
    const int64_t images = std::min(images_at_once_, tiling_.geometry.batch - first);
    parallel(parts_, [&](int part) {
      tiling_.transform_output_gradients(y, first * rows, images * rows,
                                         share(images * rows * tiling_.output_blocks(), part, parts_),
                                         own + part * own_size, tiles);
    });
    parallel(parts_, [&](int part) {
      float* const weights = own + part * own_size + tiling_.staged_size();
      float* const products = weights + products_.weights_size();
      float* const plane = products + products_.products_size();
      const int64_t in_block = tiling_.block_tiles / image_tiles(), blocks = ceil_divide(images, in_block);
      const auto [begin, end] = share(products_.panels() * blocks, part, parts_);
      const float* u = nullptr;
      FiniteCheck check;
      for (int64_t i = begin; i < end && !interrupt.requested(); ++i) {
        const int64_t panel = i / blocks, block = i % blocks;
        const int64_t count = std::min(images - block * in_block, in_block);
        if (i == begin || block == 0) u = products_.transform_weights(w, panel, part, first == 0, weights);
        products_.multiply(tiles, block, count * image_tiles(), u, products);
        spread(products, panel, first + block * in_block, count, plane, x, check);
      }
      if (!check.passed()) finite = false;
    });
  }
  return finite;
}

}  // namespace bilevel::cpu::tiled
