// The innermost loops of convolutions by products of transformed tiles, compiled once per instruction set (*.isa.cpp)
// and chosen when the process starts. There are two transforms: Winograd's and Fourier's.
//
// An output tile of n cells a side, of a kernel of r cells a side, comes from `points` = n + r - 1 cells of the input:
//   output = A [(G kernel) * (B input)],
// where A, B and G are linear and * multiplies `products` values one by one, so that of all channels one matrix product
// for each value is left. With the roles of kernel and output exchanged the same transforms give the gradient in the
// kernel, and with those of input and output exchanged their transposes give that in the input.
#pragma once

#include <cstdint>
#include <span>

namespace bilevel::cpu::tiled {

inline constexpr int kMaxLanes = 16;
// Tables are indexed by the side of a kernel or a tile.
inline constexpr int kSides = 12;

// Some rows of a block of at most `lanes` channels, padded with zeros and turned so that the channels of a cell are
// neighbours: band[row][column][lane].
struct Band {
  int64_t channels;         // that there are; the other lanes are zero
  int64_t height, width;    // of a channel's plane in the source
  int64_t first_row, left;  // where the band begins: -1 and 1 for a row and a column of padding before the source
  int64_t rows, columns;    // of the band; columns reach to the right end of the source at least
  int64_t next;             // floats from here to what will be staged next, which is fetched meanwhile
};

// Transformed tiles, data[block][value][channel block][tile of the block][lane]: what one product reads is dense.
struct Tiles {
  float* data;          // at the channel block in question
  int64_t block_tiles;  // tiles in a block
  int64_t block_stride, point_stride;
};

// c[row][0 .. 2 lanes - 1] (+)= sum over k = (i, j) of a[i a_outer + j a_inner + row a_row] b[i b_outer + j b_inner +
// ..], where the second vector of b lies b_vector behind the first.
struct Product {
  int64_t outer, inner;
  int64_t a_outer, a_inner, a_row;
  int64_t b_outer, b_inner, b_vector;
  int64_t rows;  // a multiple of block_rows
  bool adds;
};

// The weights of all inputs for up to 2 lanes outputs, as they lie in a kernel tensor.
struct Weights {
  int64_t inputs, outputs;
  int64_t input_stride, output_stride;
  bool turned;  // by 180 degrees
};

// The tile of an output, clipped to the planes of up to `lanes` channels.
struct Corner {
  int64_t channels, plane, pitch;
  int64_t rows, columns;  // of the tile that lie within the plane
};

struct Loops {
  int64_t lanes;       // floats in a vector
  int64_t block_rows;  // rows of a product that are computed together

  int64_t points;              // cells of the input of a tile a side
  int64_t products;            // values of a transformed tile
  int64_t min_side, max_side;  // of kernels
  int64_t block_tiles;         // that are multiplied together, as measured: their products stay in the second cache

  // `from` is the first of the channels' planes.
  void (*stage)(const Band& band, const float* from, float* to);

  // Tiles first .. first + count - 1 from neighbouring windows of the input of a tile, `step` columns apart.
  void (*transform_input)(const float* band, int64_t columns, int64_t step, int64_t first, int64_t count,
                          const Tiles& to);
  // The same for windows of side x side cells that touch, as the kernel's side of the product. By side.
  void (*transform_output_gradient[kSides])(const float* band, int64_t columns, int64_t first, int64_t count,
                                            const Tiles& to);
  // To u[value][input][2 lanes]. By the side of the kernel.
  void (*transform_weights[kSides])(const Weights& weights, const float* w, float* u, int64_t point_stride);

  void (*multiply)(const Product& product, const float* a, const float* b, float* c);

  // The output tile from m[value][lane]. Adds NaN to a lane of `zeros` for a cell that is not finite, else 0. By the
  // side of the tile.
  void (*transform_output[kSides])(const float* m, int64_t point_stride, const Corner& corner, float* y, float* zeros);
  // Adds the window of the input that a transformed tile of the output's gradient came from, given the products
  // m[value][lane], to a band with so many columns.
  void (*spread)(const float* m, int64_t point_stride, int64_t columns, float* window);
  // The inverse of stage for all rows: takes the channels' planes out of a band. `zeros` as with transform_output.
  void (*unstage)(const Band& band, const float* from, float* to, float* zeros);
  // The kernel's gradient for one input and up to `lanes` outputs from m[value][lane]; as above. By the kernel's side.
  void (*transform_weights_gradient[kSides])(const float* m, int64_t point_stride, int64_t outputs,
                                             int64_t output_stride, float* w, float* zeros);
};

// Those of the instruction sets that this processor has, best first.
std::span<const Loops* const> supported_winograd();
std::span<const Loops* const> supported_fourier();

inline const Loops& winograd() { return *supported_winograd().front(); }
inline const Loops& fourier() { return *supported_fourier().front(); }

}  // namespace bilevel::cpu::tiled
