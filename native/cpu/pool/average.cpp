// Averages and their gradient, one output row and one tap of the window at a time.
#include <algorithm>
#include <vector>

#include "cpu/kernel/interrupt.h"
#include "cpu/kernel/parallel.h"
#include "cpu/kernel/scratch.h"
#include "cpu/pool/pool.h"
#include "cpu/pool/pool_loops.h"
#include "cpu/windows/axis.h"

namespace bilevel::cpu {
namespace {

class AveragePool final : public Kernel {
 public:
  AveragePool(const Pool& pool, int threads) : pool_(pool), axes_(pool) {
    for (int64_t tap = 0; tap < columns_.kernel; ++tap) {
      const auto [begin, end] = columns_.windows(tap);
      if (begin < end) taps_.push_back({columns_.position(begin, tap), begin, end - begin});
    }
    for (int64_t window = 0; window < columns_.output; ++window) {
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
      const Interrupt interrupt;
      for (int64_t plane = planes.begin; plane < planes.end && !interrupt.requested(); ++plane) {
        float* x = memory.at<float>(pool_.x, plane * input);
        if (pool_.kind == PoolKind::kAverage) {
          average(x, memory.at<float>(pool_.y, plane * output));
        } else {
          average_gradient(x, memory.at<const float>(pool_.y, plane * output), row);
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

  void average(const float* x, float* y) const {
    for (int64_t window = 0; window < rows_.output; ++window, y += columns_.output) {
      std::fill_n(y, columns_.output, 0.0f);
      each_tap(window, [&](int64_t position, int64_t begin, int64_t count) {
        loops_.sum(y + begin, x + position, columns_.stride, count);
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
        loops_.spread(x + position, shares + begin, columns_.stride, count);
      });
    }
  }

  const Pool pool_;
  const PoolLoops& loops_ = pool_loops();
  const Axes axes_;
  const Axis &rows_ = axes_.rows, &columns_ = axes_.columns;
  std::vector<Tap> taps_;
  std::vector<float> cells_;  // per output column
  int threads_ = 1;
  int64_t row_bytes_ = 0;
  Scratch row_;  // one output row per thread
};

}  // namespace

KernelPointer make_average_pool(const Pool& pool, int threads) { return std::make_unique<AveragePool>(pool, threads); }

}  // namespace bilevel::cpu
