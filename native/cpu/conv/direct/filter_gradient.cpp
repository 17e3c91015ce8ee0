#include "cpu/conv/direct/filter_gradient.h"

#include <algorithm>
#include <limits>

#include "cpu/kernel/interrupt.h"
#include "cpu/kernel/parallel.h"

namespace bilevel::cpu::direct {

FilterGradient::FilterGradient(const Conv& conv, int threads, const Loops& loops)
    : geometry_(conv), loops_(loops), image_(shifted_image(geometry_, loops.lanes)) {
  const Geometry& g = geometry_;
  for (int64_t input = 0; input < g.inputs; ++input) {
    for (int64_t row = 0; row < g.rows.kernel; ++row) {
      for (int64_t column = 0; column < g.columns.kernel; ++column) {
        taps_.push_back((input * g.columns.kernel + column) * image_.shifted_plane +
                        row * g.rows.dilation * g.columns.output);
      }
    }
  }
  choose_pieces();
  choose_blocks();
  parts_ = useful_threads(g.flops() / kConvFlopsPerUnit, threads);
  for (int part = 0; part < parts_; ++part) {
    padded_.emplace_back(padded_size(image_, loops.lanes) * 4);
    shifted_.emplace_back(shifted_size(image_) * samples_ * 4);
    sums_.emplace_back(g.weights() * loops.lanes * 4);
    totals_.emplace_back(g.weights() * 4);
  }
}

// Half cycles, where a core multiplies and adds two vectors in a cycle, in at least 8 independent sums, and loads two;
// some loads miss the first cache, and a call loads and stores its sums.
void FilterGradient::choose_blocks() {
  constexpr int64_t kPerCall = 60;
  const int64_t taps = static_cast<int64_t>(taps_.size());
  const int64_t vectors = ceil_divide(geometry_.output_cells(), loops_.lanes) * samples_ / pieces_;
  int64_t best = std::numeric_limits<int64_t>::max();
  for (int64_t channels = 1; channels <= kMaxBlockChannels; ++channels) {
    for (int64_t block = 1; block <= kMaxBlockVectors; ++block) {
      if (!loops_.accumulate[channels - 1][block - 1]) continue;
      const int64_t channel_blocks = ceil_divide(geometry_.outputs, channels), tap_blocks = ceil_divide(taps, block);
      int64_t cost = 0;
      for (int64_t c = 0; c < channel_blocks; ++c) {
        const int64_t a = cut(geometry_.outputs, channel_blocks, c + 1) - cut(geometry_.outputs, channel_blocks, c);
        for (int64_t t = 0; t < tap_blocks; ++t) {
          const int64_t b = cut(taps, tap_blocks, t + 1) - cut(taps, tap_blocks, t);
          cost += vectors * (std::max<int64_t>(a * b, 8) + (a + b) / 2) + 2 * a * b + kPerCall;
        }
      }
      if (cost < best) {
        best = cost;
        channel_blocks_ = channel_blocks;
        tap_blocks_ = tap_blocks;
      }
    }
  }
}

// Every block of the operand that is larger for a sample meets the whole of the smaller one, which should stay in the
// first cache. Few cells at a time would spend the time on loading and storing sums.
void FilterGradient::choose_pieces() {
  constexpr int64_t kFloatsInCache = 8192, kCells = 1024;
  const int64_t cells = geometry_.output_cells(), x = shifted_size(image_), y = geometry_.outputs * cells;
  sweeps_channels_ = y <= x;
  const int64_t size = std::min(x, y);
  pieces_ = std::clamp<int64_t>(ceil_divide(size, kFloatsInCache), 1, std::max<int64_t>(1, cells / (kCells / 2)));
  samples_ = std::clamp<int64_t>(std::min(kFloatsInCache / size, kCells / cells), 1, geometry_.batch);
}

void FilterGradient::accumulate(const float* x, const float* y, int part) const {
  const Geometry& g = geometry_;
  const auto index = static_cast<size_t>(part);
  const int64_t weights = g.inputs * g.taps(), cells = g.output_cells();
  const int64_t x_image = g.inputs * g.input_cells(), y_image = g.outputs * cells;
  const int64_t chunks = ceil_divide(g.batch, samples_), vectors = ceil_divide(cells, loops_.lanes);
  float* shifted = shifted_[index].at<float>();
  float* sums = sums_[index].at<float>();
  std::fill_n(sums, g.weights() * loops_.lanes, 0.0f);
  const auto [begin, end] = share(g.groups * chunks * pieces_ * channel_blocks_, part, parts_);
  int64_t prepared = -1;
  const Interrupt interrupt;
  for (int64_t index_of_piece = begin / channel_blocks_; index_of_piece * channel_blocks_ < end; ++index_of_piece) {
    if (interrupt.requested()) return;
    const int64_t piece = index_of_piece % pieces_, chunk = index_of_piece / pieces_, group = chunk / chunks;
    const int64_t sample = cut(g.batch, chunks, chunk % chunks);
    const int64_t samples = cut(g.batch, chunks, chunk % chunks + 1) - sample;
    if (chunk != prepared) {
      for (int64_t s = 0; s < samples; ++s) {
        loops_.shift(image_, x + ((sample + s) * g.groups + group) * x_image, padded_[index].at<float>(),
                     shifted + s * shifted_size(image_));
      }
      prepared = chunk;
    }
    const Cells range{cut(vectors, pieces_, piece) * loops_.lanes,
                      std::min(cut(vectors, pieces_, piece + 1) * loops_.lanes, cells), samples, shifted_size(image_),
                      g.groups * y_image};
    const auto add_block = [&](int64_t block, int64_t tap_block) {
      const int64_t output = cut(g.outputs, channel_blocks_, block);
      const int64_t size = cut(g.outputs, channel_blocks_, block + 1) - output;
      const int64_t tap = cut(weights, tap_blocks_, tap_block), count = cut(weights, tap_blocks_, tap_block + 1) - tap;
      loops_.accumulate[size - 1][count - 1](
          range, shifted, taps_.data() + tap, y + (sample * g.groups + group) * y_image + output * cells, cells,
          sums + ((group * g.outputs + output) * weights + size * tap) * loops_.lanes);
    };
    const int64_t first_block = std::max(begin - index_of_piece * channel_blocks_, int64_t{0});
    const int64_t end_block = std::min(end - index_of_piece * channel_blocks_, channel_blocks_);
    if (sweeps_channels_) {
      for (int64_t t = 0; t < tap_blocks_; ++t) {
        for (int64_t block = first_block; block < end_block; ++block) add_block(block, t);
      }
    } else {
      for (int64_t block = first_block; block < end_block; ++block) {
        for (int64_t t = 0; t < tap_blocks_; ++t) add_block(block, t);
      }
    }
  }
  loops_.add_lanes(sums, totals_[index].at<float>(), g.weights());
}

void FilterGradient::run(float* x, float* w, float* y) {
  const Geometry& g = geometry_;
  const int64_t weights = g.inputs * g.taps();
  parallel(parts_, [&](int part) { accumulate(x, y, part); });
  int64_t from = 0;
  for (int64_t group = 0; group < g.groups; ++group) {
    for (int64_t block = 0; block < channel_blocks_; ++block) {
      const int64_t begin = group * g.outputs + cut(g.outputs, channel_blocks_, block);
      const int64_t end = group * g.outputs + cut(g.outputs, channel_blocks_, block + 1);
      for (int64_t t = 0; t < tap_blocks_; ++t) {
        for (int64_t output = begin; output < end; ++output) {
          for (int64_t tap = cut(weights, tap_blocks_, t); tap < cut(weights, tap_blocks_, t + 1); ++tap, ++from) {
            float total = 0.0f;
            for (const Scratch& totals : totals_) total += totals.at<float>()[from];
            w[output * weights + tap] = total;
          }
        }
      }
    }
  }
}

}  // namespace bilevel::cpu::direct
