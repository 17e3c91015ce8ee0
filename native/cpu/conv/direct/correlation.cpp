#include "cpu/conv/direct/correlation.h"

#include <algorithm>
#include <limits>

#include "cpu/kernel/interrupt.h"
#include "cpu/kernel/parallel.h"

namespace bilevel::cpu::direct {

Correlation::Correlation(const Conv& conv, int threads, const Loops& loops)
    : turned_(conv.direction == ConvDirection::kInputGradient),
      geometry_(conv),
      loops_(loops),
      image_(shifted_image(geometry_, loops.lanes)) {
  choose_blocks();
  parts_ = useful_threads(geometry_.flops() / kConvFlopsPerUnit, threads);
  weights_ = Scratch(geometry_.weights() * 4);
  for (int part = 0; part < parts_; ++part) {
    padded_.emplace_back(padded_size(image_, loops.lanes) * 4);
    shifted_.emplace_back(shifted_size(image_) * 4);
  }
}

std::vector<Correlation::Run> Correlation::runs_of(int64_t vectors) const {
  const Geometry& g = geometry_;
  const int64_t cells = g.output_cells(), all = ceil_divide(cells, loops_.lanes), count = ceil_divide(all, vectors);
  std::vector<Run> runs;
  for (int64_t run = 0; run < count; ++run) {
    const int64_t first = cut(all, count, run), end = cut(all, count, run + 1), begin = first * loops_.lanes;
    const int64_t last = std::min((end - 1) * loops_.lanes, cells - loops_.lanes);
    // A kernel row is left out when it meets nothing but padding from every row of these cells.
    const int64_t top = std::min(begin, last) / g.columns.output - g.rows.begin();
    const int64_t bottom = (last + loops_.lanes - 1) / g.columns.output - g.rows.begin();
    const int64_t height = g.rows.end() - g.rows.begin(), dilation = g.rows.dilation;
    const int64_t kernel_begin = std::clamp<int64_t>(ceil_divide(-bottom, dilation), 0, g.rows.kernel);
    const int64_t kernel_end =
        height - top <= 0 ? kernel_begin
                          : std::clamp<int64_t>((height - 1 - top) / dilation + 1, kernel_begin, g.rows.kernel);
    runs.push_back({begin,
                    last - begin,
                    end - first,
                    {g.inputs * g.columns.kernel, image_.shifted_plane, g.rows.kernel, dilation * g.columns.output,
                     kernel_begin, kernel_end}});
  }
  return runs;
}

// Half cycles, where a core multiplies and adds two vectors in a cycle, in at least 8 independent sums, and loads two.
int64_t Correlation::cost(int64_t channels, int64_t vectors) const {
  constexpr int64_t kPerCall = 60, kLatency = 8;
  const int64_t blocks = ceil_divide(geometry_.outputs, channels);
  int64_t total = 0;
  for (const Run& run : runs_of(vectors)) {
    const int64_t taps = run.kernel.pairs * (run.kernel.end - run.kernel.begin);
    for (int64_t block = 0; block < blocks; ++block) {
      const int64_t size = cut(geometry_.outputs, blocks, block + 1) - cut(geometry_.outputs, blocks, block);
      total += kPerCall + taps * std::max({size * run.vectors, run.vectors + size, kLatency});
    }
  }
  return total;
}

void Correlation::choose_blocks() {
  int64_t best = std::numeric_limits<int64_t>::max();
  for (int64_t channels = 1; channels <= kMaxBlockChannels; ++channels) {
    for (int64_t vectors = 1; vectors <= kMaxBlockVectors; ++vectors) {
      if (!loops_.correlate[channels - 1][vectors - 1] || cost(channels, vectors) >= best) continue;
      best = cost(channels, vectors);
      blocks_ = ceil_divide(geometry_.outputs, channels);
      runs_ = runs_of(vectors);
    }
  }
}

void Correlation::pack(const float* w) {
  const Geometry& g = geometry_;
  const int64_t output_stride = turned_ ? g.taps() : g.inputs * g.taps();
  const int64_t input_stride = turned_ ? g.outputs * g.taps() : g.taps();
  float* to = weights_.at<float>();
  for (int64_t group = 0; group < g.groups; ++group, w += g.outputs * g.inputs * g.taps()) {
    for (int64_t block = 0; block < blocks_; ++block) {
      for (int64_t input = 0; input < g.inputs; ++input) {
        for (int64_t column = 0; column < g.columns.kernel; ++column) {
          for (int64_t row = 0; row < g.rows.kernel; ++row) {
            const int64_t tap = row * g.columns.kernel + column;
            const float* from = w + input * input_stride + (turned_ ? g.taps() - 1 - tap : tap);
            for (int64_t output = block_begin(block); output < block_begin(block + 1); ++output) {
              *to++ = from[output * output_stride];
            }
          }
        }
      }
    }
  }
}

void Correlation::correlate(const float* in, float* out, int part) const {
  const Geometry& g = geometry_;
  const int64_t in_image = g.inputs * g.input_cells(), cells = g.output_cells();
  float* shifted = shifted_[static_cast<size_t>(part)].at<float>();
  const auto [begin, end] = share(g.images() * blocks_, part, parts_);
  const Interrupt interrupt;
  for (int64_t image = begin / blocks_; image * blocks_ < end && !interrupt.requested(); ++image) {
    loops_.shift(image_, in + image * in_image, padded_[static_cast<size_t>(part)].at<float>(), shifted);
    const int64_t first_block = std::max(begin - image * blocks_, int64_t{0});
    const int64_t end_block = std::min(end - image * blocks_, blocks_);
    for (const Run& run : runs_) {
      for (int64_t block = first_block; block < end_block; ++block) {
        const int64_t output = block_begin(block), size = block_begin(block + 1) - output;
        const float* weights = weights_.at<float>() + (image % g.groups * g.outputs + output) * g.inputs * g.taps();
        loops_.correlate[size - 1][run.vectors - 1](run.kernel, shifted + run.begin, weights,
                                                    out + (image * g.outputs + output) * cells + run.begin, cells,
                                                    run.last);
      }
    }
  }
}

void Correlation::run(float* x, float* w, float* y) {
  pack(w);
  parallel(parts_, [&](int part) { correlate(turned_ ? y : x, turned_ ? x : y, part); });
}

}  // namespace bilevel::cpu::direct
