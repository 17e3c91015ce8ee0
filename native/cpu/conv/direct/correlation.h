// A convolution of stride 1, or its input gradient, over plain tensors: every vector of output cells is summed in a
// register over all channels and taps, for several output channels at once.
#pragma once

#include <vector>

#include "cpu/conv/direct/shifted_image.h"
#include "cpu/kernel/scratch.h"

namespace bilevel::cpu::direct {

class Correlation {
 public:
  // Without empty dimensions, of stride 1, with output planes of at least one vector. For a team of `threads`.
  Correlation(const Conv& conv, int threads, const Loops& loops = direct::loops());
  void run(float* x, float* w, float* y);

 private:
  // The output channels of a group are cut into blocks, and the cells of a plane into runs of whole vectors.
  struct Run {
    int64_t begin, last;  // the first cell; where the last vector begins, counted from there
    int64_t vectors;
    KernelRows kernel;  // its rows that meet the input from these cells
  };

  std::vector<Run> runs_of(int64_t vectors) const;
  int64_t cost(int64_t channels, int64_t vectors) const;
  void choose_blocks();
  int64_t block_begin(int64_t block) const { return cut(geometry_.outputs, blocks_, block); }
  void pack(const float* w);
  void correlate(const float* in, float* out, int part) const;

  const bool turned_;  // the kernel, for the input gradient
  const Geometry geometry_;
  const Loops& loops_;
  const ShiftedImage image_;
  int64_t blocks_ = 1;
  std::vector<Run> runs_;
  int parts_ = 1;
  Scratch weights_;  // for each block of channels: [input channel, kernel column, kernel row, channel of the block]
  std::vector<Scratch> padded_, shifted_;  // for each part
};

}  // namespace bilevel::cpu::direct
