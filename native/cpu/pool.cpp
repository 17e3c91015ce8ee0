// Pooling over plain tensors, one output row and one tap of the window at a time. oneDNN's pooling is not used: it
// keeps positions of maxima in a private workspace, divides by the whole window where ceil mode lets it hang over the
// padding, and would need reorders; these loops run at memory speed.
#include <algorithm>
#include <limits>
#include <vector>

#include "cpu/kernels.h"
#include "cpu/parallel.h"
#include "cpu/scratch.h"
#include "cpu/vector/loops.h"

namespace bilevel::cpu {
namespace {

// The windows along one dimension.
struct Axis {
  int64_t input = 1, kernel = 1, output = 1, stride = 1, dilation = 1, pad_low = 0, pad_high = 0;

  int64_t position(int64_t window, int64_t tap) const { return window * stride - pad_low + tap * dilation; }
  // The windows whose given tap lies in the input.
  Range windows(int64_t tap) const {
    const int64_t before = pad_low - tap * dilation;  // cells of padding at and before window 0
    const int64_t begin = before > 0 ? (before + stride - 1) / stride : 0;
    const int64_t end = input + before > 0 ? (input + before - 1) / stride + 1 : 0;
    return {std::min(begin, output), std::clamp(end, std::min(begin, output), output)};
  }
  // The taps of a window that lie in the input.
  Range taps(int64_t window) const {
    const int64_t start = position(window, 0);
    const int64_t begin = start < 0 ? (-start + dilation - 1) / dilation : 0;
    const int64_t end = start < input ? (input - start - 1) / dilation + 1 : 0;
    return {begin, std::min(end, kernel)};
  }
  // How many cells of a window the average divides by.
  int64_t cells(int64_t window, bool include_pad) const {
    if (include_pad) return std::min(kernel, input + pad_high - position(window, 0));
    const Range inside = taps(window);
    return inside.end - inside.begin;
  }
};

Axis axis_of(const Pool& pool, size_t d) {
  return {pool.input[d],    pool.kernel[d],  pool.output[d],  pool.stride[d],
          pool.dilation[d], pool.pad_low[d], pool.pad_high[d]};
}

class PoolKernel final : public Kernel {
 public:
  PoolKernel(const Pool& pool, int threads) : pool_(pool) {
    if (pool.spatial_rank == 2) rows_ = axis_of(pool, 0);
    columns_ = axis_of(pool, pool.spatial_rank == 2 ? 1 : 0);
    for (int64_t tap = 0; tap < columns_.kernel; ++tap) {
      const auto [begin, end] = columns_.windows(tap);
      if (begin < end) taps_.push_back({columns_.position(begin, tap), begin, end - begin});
    }
    for (int64_t window = 0; window < columns_.output; ++window) {
      const int64_t tap = columns_.taps(window).begin;
      first_column_.push_back(static_cast<int32_t>(columns_.position(window, tap)));
      cells_.push_back(static_cast<float>(columns_.cells(window, pool.count_include_pad)));
    }
    const int64_t taps = rows_.output * rows_.kernel * columns_.output * columns_.kernel;
    threads_ = useful_threads(pool.planes * taps * kWorkPerTap, threads);
    row_bytes_ = round_up(columns_.output * 4, kCacheLine);
    row_ = Scratch(row_bytes_ * threads_);
  }

  void run(const Memory& memory) override {
    const int64_t input = rows_.input * columns_.input, output = rows_.output * columns_.output;
    parallel(threads_, [&](int part) {
      float* row = row_.at<float>(part * row_bytes_);
      const Range planes = share(pool_.planes, part, threads_);
      for (int64_t plane = planes.begin; plane < planes.end; ++plane) {
        float* x = memory.at<float>(pool_.x, plane * input);
        switch (pool_.kind) {
          case PoolKind::kMaxIndices:
            max_indices(x, memory.at<int32_t>(pool_.y, plane * output), row);
            break;
          case PoolKind::kAverage:
            average(x, memory.at<float>(pool_.y, plane * output));
            break;
          case PoolKind::kAverageGradient:
            average_gradient(x, memory.at<const float>(pool_.y, plane * output), row);
            break;
        }
      }
    });
  }

 private:
  static constexpr int64_t kWorkPerTap = 3;

  // One tap along the columns: windows begin .. begin + count meet the cells from `position` on, a stride apart.
  struct Tap {
    int64_t position, begin, count;
  };

  // Calls body(position within the plane, begin, count) for every tap of output row `window`.
  template <typename Body>
  void each_tap(int64_t window, Body&& body) const {
    const Range taps = rows_.taps(window);
    for (int64_t tap = taps.begin; tap < taps.end; ++tap) {
      const int64_t row = rows_.position(window, tap) * columns_.input;
      for (const auto& [position, begin, count] : taps_) body(row + position, begin, count);
    }
  }

  void max_indices(const float* x, int32_t* y, float* best) const {
    for (int64_t window = 0; window < rows_.output; ++window, y += columns_.output) {
      const int64_t row = rows_.position(window, rows_.taps(window).begin) * columns_.input;
      for (int64_t i = 0; i < columns_.output; ++i) {
        best[i] = -std::numeric_limits<float>::infinity();
        y[i] = static_cast<int32_t>(row) + first_column_[static_cast<size_t>(i)];
      }
      each_tap(window, [&](int64_t position, int64_t begin, int64_t count) {
        loops_.pooling.max(best + begin, y + begin, x + position, position, columns_.stride, count);
      });
    }
  }

  void average(const float* x, float* y) const {
    for (int64_t window = 0; window < rows_.output; ++window, y += columns_.output) {
      std::fill_n(y, columns_.output, 0.0f);
      each_tap(window, [&](int64_t position, int64_t begin, int64_t count) {
        loops_.pooling.sum(y + begin, x + position, columns_.stride, count);
      });
      const auto cells = static_cast<float>(rows_.cells(window, pool_.count_include_pad));
      for (int64_t i = 0; i < columns_.output; ++i) y[i] /= cells * cells_[static_cast<size_t>(i)];
    }
  }

  void average_gradient(float* x, const float* y, float* shares) const {
    std::fill_n(x, rows_.input * columns_.input, 0.0f);
    for (int64_t window = 0; window < rows_.output; ++window, y += columns_.output) {
      const auto cells = static_cast<float>(rows_.cells(window, pool_.count_include_pad));
      for (int64_t i = 0; i < columns_.output; ++i) shares[i] = y[i] / (cells * cells_[static_cast<size_t>(i)]);
      each_tap(window, [&](int64_t position, int64_t begin, int64_t count) {
        loops_.pooling.spread(x + position, shares + begin, columns_.stride, count);
      });
    }
  }

  const Pool pool_;
  const VectorLoops& loops_ = vector_loops();
  Axis rows_, columns_;
  std::vector<Tap> taps_;
  std::vector<int32_t> first_column_;  // per output column: the first cell in the input
  std::vector<float> cells_;           // per output column
  int threads_ = 1;
  int64_t row_bytes_ = 0;
  Scratch row_;  // one output row per thread
};

}  // namespace

KernelPointer make_pool(const Pool& pool, int threads) { return std::make_unique<PoolKernel>(pool, threads); }

}  // namespace bilevel::cpu
