// The filter gradient of a convolution of stride 1 over plain tensors: vectors of cells are multiplied and summed in
// registers for several output channels and several taps at once.
#pragma once

#include <vector>

#include "cpu/conv/direct/shifted_image.h"
#include "cpu/kernel/scratch.h"

namespace bilevel::cpu::direct {

class FilterGradient {
 public:
  // Without empty dimensions, of stride 1, with output planes of at least one vector. For a team of `threads`.
  FilterGradient(const Conv& conv, int threads, const Loops& loops = direct::loops());
  void run(float* x, float* w, float* y);

 private:
  void choose_blocks();
  void choose_pieces();
  void accumulate(const float* x, const float* y, int part) const;

  const Geometry geometry_;
  const Loops& loops_;
  const ShiftedImage image_;
  std::vector<int64_t> taps_;  // of each weight of an output channel: where its cells begin in a shifted image
  int64_t channel_blocks_ = 1, tap_blocks_ = 1;
  // What a block takes at a time: several samples of small planes, or one of several pieces of a large one.
  int64_t samples_ = 1, pieces_ = 1;
  bool sweeps_channels_ = false;  // the inner loop is over blocks of channels, not of taps
  int parts_ = 1;
  // For each part: the sums of all weights, a vector each, blocks of channels outside; then their totals.
  std::vector<Scratch> padded_, shifted_, sums_, totals_;
};

}  // namespace bilevel::cpu::direct
