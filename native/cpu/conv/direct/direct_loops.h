// The innermost loops of our own convolutions, compiled once per instruction set (direct_loops.isa.cpp) and chosen when
// the process starts. Convolutions have stride 1 here.
#pragma once

#include <cstdint>
#include <span>

namespace bilevel::cpu::direct {

// The channels of one image as the loops read them: each is padded (or cropped) to rows x columns and kept once for
// each column of the kernel, shifted by that column and cut to the width of the output,
//   shifted[channel][k][row][i] = padded[channel][row][i + k * dilation],
// so that what a tap of the kernel meets for all cells of an output plane is one dense run of memory.
struct ShiftedImage {
  int64_t channels;
  int64_t plane, pitch;   // elements of a plane and of a row of the source
  int64_t from;           // where the copied part begins in a plane of the source
  int64_t height, width;  // of the copied part
  int64_t row, column;    // where it begins in a padded plane
  int64_t rows, columns;  // of a padded plane
  int64_t kernel_columns, dilation, output_columns;
  int64_t shifted_plane;  // elements from one [channel][k] to the next: rows * output_columns and room for a vector
};

// The rows of the kernel that a block of cells meets, in every pair of channel and kernel column.
struct KernelRows {
  int64_t pairs, pair_stride;
  int64_t rows, row_stride;
  int64_t begin, end;
};

// Cells begin .. end - 1 of the planes of several samples.
struct Cells {
  int64_t begin, end, samples, x_stride, y_stride;
};

inline constexpr int kMaxBlockChannels = 8;
inline constexpr int kMaxBlockVectors = 6;

struct Loops {
  int64_t lanes;  // floats in a vector

  // Writes `shifted` from x, but for the rows of padding, which must be zero. `padded` is one padded plane, with room
  // for a vector behind it, whose border must be zero.
  void (*shift)(const ShiftedImage& image, const float* x, float* padded, float* shifted);

  // y[o * y_stride + i] = sum of weights[(p * rows + r) * O + o] * x[p * pair_stride + r * row_stride + i] over pairs p
  // and kernel rows r, for O channels o and P vectors of cells i. The last vector begins at cell `last`: it may overlap
  // the one before it, or be the only one.
  using Correlate = void (*)(const KernelRows& kernel, const float* x, const float* weights, float* y, int64_t y_stride,
                             int64_t last);
  Correlate correlate[kMaxBlockChannels][kMaxBlockVectors];  // [O - 1][P - 1]; null where the registers do not suffice

  // sums[o * T + t] += x[taps[t] + i] * y[o * y_plane + i] over the cells i, each in its lane of the vector of sums.
  // Planes have at least one vector of cells; only the last cells of a plane may be less than whole vectors.
  using Accumulate = void (*)(const Cells& cells, const float* x, const int64_t* taps, const float* y, int64_t y_plane,
                              float* sums);
  Accumulate accumulate[kMaxBlockChannels][kMaxBlockVectors];  // [O - 1][T - 1]; null as above

  // totals[i] = the sum of the lanes of vector i of `sums`, for n vectors.
  void (*add_lanes)(const float* sums, float* totals, int64_t n);
};

// Those of the instruction sets that this processor has, best first.
std::span<const Loops* const> supported_loops();

inline const Loops& loops() { return *supported_loops().front(); }

}  // namespace bilevel::cpu::direct
