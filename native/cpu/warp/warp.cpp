// Warps of images and their transpose, one row of y at a time. A row that moves by whole pixels, as in a mirrored or
// shifted image, is moved as it is.
#include "cpu/warp/warp.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "cpu/kernel/interrupt.h"
#include "cpu/kernel/parallel.h"
#include "cpu/warp/warp_loops.h"

namespace bilevel::cpu {
namespace {

using Line = WarpLoops::Line;

// The pixels begin .. end - 1 of a row of y that meet pixels of x, the first of them that at `start`, and then the ones
// before it when mirrored, else those behind it.
struct Move {
  int64_t begin, end, start;
  bool mirrored;
};

class WarpAffineKernel final : public Kernel {
 public:
  WarpAffineKernel(const WarpAffine& warp, int threads) : warp_(warp) {
    const int64_t pixels = warp.output[0] * warp.output[1];
    threads_ = useful_threads(warp.batch * warp.channels * pixels * (warp.transposed ? 40 : 15), threads);
  }

  void run(const Memory& memory) override {
    if (warp_.transposed) {
      give_back(memory);
    } else {
      warp(memory);
    }
  }

 private:
  int64_t rows() const { return warp_.output[0]; }
  int64_t columns() const { return warp_.output[1]; }
  int64_t height() const { return warp_.input[0]; }
  int64_t width() const { return warp_.input[1]; }

  void warp(const Memory& memory) const {
    const int64_t plane_of_x = height() * width(), plane_of_y = rows() * columns();
    parallel(threads_, [&](int part) {
      WarpLoops::Cells cells;
      const Range range = share(warp_.batch * rows(), part, threads_);
      const Interrupt interrupt;
      for (int64_t of = range.begin; of < range.end && !interrupt.requested(); ++of) {
        const int64_t image = of / rows(), row = of % rows();
        const Line line = line_of(memory, image, row);
        const float* x = memory.at<const float>(warp_.x, image * warp_.channels * plane_of_x);
        float* y = memory.at<float>(warp_.y, image * warp_.channels * plane_of_y + row * columns());
        const auto each_channel = [&](const auto& body) {
          for (int64_t c = 0; c < warp_.channels; ++c) body(y + c * plane_of_y, x + c * plane_of_x);
        };
        if (const std::optional<Move> move = move_of(line)) {
          each_channel([&](float* to, const float* from) { copy(to, from, *move); });
          continue;
        }
        each_run(cells, line, [&](int64_t first, int64_t n) {
          each_channel([&](float* to, const float* from) { loops_.blend(to + first, from, cells, n); });
        });
      }
    });
  }

  // A thread owns whole planes and adds to them in the order of the rows, so that every run gives the same bits.
  void give_back(const Memory& memory) const {
    const int64_t plane_of_x = height() * width(), plane_of_y = rows() * columns();
    parallel(threads_, [&](int part) {
      WarpLoops::Cells cells;
      const Range planes = share(warp_.batch * warp_.channels, part, threads_);
      const Interrupt interrupt;
      for (int64_t plane = planes.begin; plane < planes.end && !interrupt.requested(); ++plane) {
        float* x = memory.at<float>(warp_.x, plane * plane_of_x);
        std::fill_n(x, plane_of_x, 0.0f);
        for (int64_t row = 0; row < rows(); ++row) {
          const float* y = memory.at<const float>(warp_.y, plane * plane_of_y + row * columns());
          const Line line = line_of(memory, plane / warp_.channels, row);
          if (const std::optional<Move> move = move_of(line)) {
            add(x, y, *move);
            continue;
          }
          each_run(cells, line, [&](int64_t first, int64_t n) {
            for (int64_t i = 0; i < n; ++i) {
              for (int k = 0; k < 4; ++k) {
                const float weight = cells.weight[k][i];
                if (weight != 0.0f) x[cells.at[k][i]] += weight * y[first + i];
              }
            }
          });
        }
      }
    });
  }

  Line line_of(const Memory& memory, int64_t image, int64_t row) const {
    const float* map = memory.at<const float>(warp_.table, 6 * image);
    const auto i = static_cast<double>(row);
    return {static_cast<float>(map[0] * i + map[2]), static_cast<float>(map[3] * i + map[5]), map[1], map[4]};
  }

  std::optional<Move> move_of(const Line& line) const {
    constexpr float kFarthest = 1 << 30;
    const auto is_whole = [](float position) {
      return std::fabs(position) <= kFarthest && position == static_cast<float>(static_cast<int64_t>(position));
    };
    if (line.row_step != 0.0f || std::fabs(line.column_step) != 1.0f) return std::nullopt;
    if (!is_whole(line.row) || !is_whole(line.column)) return std::nullopt;
    const auto row = static_cast<int64_t>(line.row), column = static_cast<int64_t>(line.column);
    const bool mirrored = line.column_step < 0.0f;
    const int64_t before = mirrored ? column - (width() - 1) : -column;
    const int64_t behind = mirrored ? column + 1 : width() - column;
    const int64_t begin = std::clamp<int64_t>(before, 0, columns());
    const int64_t end = row < 0 || row >= height() ? begin : std::clamp(behind, begin, columns());
    return Move{begin, end, row * width() + (mirrored ? column - begin : column + begin), mirrored};
  }

  void copy(float* y, const float* x, const Move& move) const {
    const int64_t n = move.end - move.begin;
    std::fill_n(y, move.begin, 0.0f);
    std::fill(y + move.end, y + columns(), 0.0f);
    if (n == 0) return;
    if (move.mirrored) {
      loops_.copy_mirrored(y + move.begin, x + move.start, n);
    } else {
      std::copy_n(x + move.start, n, y + move.begin);
    }
  }

  void add(float* x, const float* y, const Move& move) const {
    const int64_t n = move.end - move.begin;
    if (n == 0) return;
    if (move.mirrored) {
      // The pixels of x in their own order meet those of y in the reverse one.
      loops_.add_mirrored(x + move.start - (n - 1), y + move.end - 1, n);
    } else {
      loops_.add(x + move.start, y + move.begin, n);
    }
  }

  // Calls body(first, n) for runs of a row of y whose cells have been found.
  template <typename Body>
  void each_run(WarpLoops::Cells& cells, const Line& line, const Body& body) const {
    for (int64_t first = 0; first < columns(); first += WarpLoops::kRun) {
      const int64_t n = std::min(WarpLoops::kRun, columns() - first);
      loops_.locate(&cells, line, first, n, static_cast<int32_t>(height()), static_cast<int32_t>(width()));
      body(first, n);
    }
  }

  const WarpAffine warp_;
  const WarpLoops& loops_ = warp_loops();
  int threads_ = 1;
};

}  // namespace

KernelPointer make_warp_affine(const WarpAffine& warp, int threads) {
  return std::make_unique<WarpAffineKernel>(warp, threads);
}

}  // namespace bilevel::cpu
