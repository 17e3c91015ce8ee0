// Positions of maxima. A band of input rows is copied to scratch memory so that what one tap of the windows meets lies
// there in the order of the windows: with a stride of s, every s-th row and every s-th column together, and padding as
// -infinity, which never wins. Every tap is then one long run of cells, however short the rows of the plane are.
#include <limits>
#include <vector>

#include "cpu/axis.h"
#include "cpu/pool/makers.h"
#include "cpu/scratch.h"
#include "cpu/vector/loops.h"

namespace bilevel::cpu {
namespace {

constexpr float kPadding = -std::numeric_limits<float>::infinity();
constexpr int64_t kBandCells = 4096;  // stay in the first-level cache

// One dimension of the padded input: cell q is place q / stride of phase q % stride.
struct Phases {
  int64_t stride, reach;

  // A single window needs no phases, whatever its stride.
  explicit Phases(const Axis& axis)
      : stride(axis.output == 1 ? 1 : axis.stride), reach((axis.kernel - 1) * axis.dilation / stride) {}
  // How many places of each phase so many neighbouring windows meet.
  int64_t places(int64_t windows) const { return windows + reach; }
};

class MaxPool final : public Kernel {
 public:
  MaxPool(const Pool& pool, int threads)
      : pool_(pool), axes_(pool), row_phases_(axes_.rows), column_phases_(axes_.columns) {
    const auto& [rows, columns] = axes_;
    width_ = column_phases_.places(columns.output);
    band_ = std::max<int64_t>(rows.output, 1);
    while (band_ > 1 && cells() > kBandCells) band_ = (band_ + 1) / 2;
    bands_ = (rows.output + band_ - 1) / band_;
    // As measured with AVX-512: calls, rows to copy, cells to copy and to compare.
    const int64_t work = 100 + 40 * rows.stride * band_ + cells() + band_ * width_ * rows.kernel * columns.kernel / 4;
    threads_ = useful_threads(pool.planes * bands_ * work, threads);
    // Where a padded cell of the first band goes.
    const auto place = [&](int64_t row, int64_t column) {
      const int64_t phase = row % row_phases_.stride * column_phases_.stride + column % column_phases_.stride;
      return phase * phase_cells() + row / row_phases_.stride * width_ + column / column_phases_.stride;
    };
    for (int64_t p = 0; p < column_phases_.stride; ++p) starts_.push_back(place(0, columns.pad_low + p));
    for (int64_t y = 0; y < rows.kernel; ++y) {
      for (int64_t x = 0; x < columns.kernel; ++x) {
        const int64_t down = y * rows.dilation, right = x * columns.dilation;
        taps_.push_back({place(down, right), static_cast<uint32_t>(down * columns.input + right)});
      }
    }
    for (int64_t window = 0; window < band_; ++window) {
      for (int64_t column = 0; column < width_; ++column) {
        const int64_t corner = window * rows.stride * columns.input + column * columns.stride;
        corners_.push_back(static_cast<uint32_t>(corner));
      }
    }
    corners_.resize(corners_.size() + kRegisterSlack);
    const int64_t count = cells() + kRegisterSlack;
    for (int t = 0; t < threads_; ++t) std::fill_n(cells_.emplace_back(count * 4).at<float>(), count, kPadding);
  }

  void run(const Memory& memory) override {
    const auto& [rows, columns] = axes_;
    const int64_t input = rows.input * columns.input, output = rows.output * columns.output;
    parallel(threads_, [&](int part) {
      float* cells = cells_[static_cast<size_t>(part)].at<float>();
      const Range tasks = share(pool_.planes * bands_, part, threads_);
      for (int64_t task = tasks.begin; task < tasks.end; ++task) {
        const int64_t plane = task / bands_, first = task % bands_ * band_;
        const Range windows{first, std::min(first + band_, rows.output)};
        fill(cells, memory.at<const float>(pool_.x, plane * input), windows);
        find(cells, memory.at<int32_t>(pool_.y, plane * output), windows);
      }
    });
  }

 private:
  // Cells of scratch memory: for every phase of the rows and every phase of the columns, the places of both.
  int64_t phase_cells() const { return row_phases_.places(band_) * width_; }
  int64_t cells() const { return row_phases_.stride * column_phases_.stride * phase_cells(); }

  // Copies the input rows that some windows meet.
  void fill(float* to, const float* x, Range windows) const {
    const auto& [rows, columns] = axes_;
    const int64_t first = windows.begin * row_phases_.stride - rows.pad_low;
    const int64_t places = row_phases_.places(windows.end - windows.begin);
    // Cells beyond the last place meet no window.
    const int64_t used = std::clamp<int64_t>(width_ * column_phases_.stride - columns.pad_low, 0, columns.input);
    // In the order of the input, which the processor fetches ahead.
    for (int64_t place = 0; place < places; ++place) {
      for (int64_t phase = 0; phase < row_phases_.stride; ++phase) {
        const int64_t row = first + place * row_phases_.stride + phase;
        float* cells = to + phase * column_phases_.stride * phase_cells() + place * width_;
        if (row >= 0 && row < rows.input) {
          loops_.pooling.split(cells, starts_.data(), x + row * columns.input, column_phases_.stride, used);
        } else {
          for (int64_t p = 0; p < column_phases_.stride; ++p) std::fill_n(cells + p * phase_cells(), width_, kPadding);
        }
      }
    }
  }

  void find(const float* cells, int32_t* y, Range windows) const {
    const auto& [rows, columns] = axes_;
    const int64_t count = windows.end - windows.begin;
    // Rows without padding between them are one run.
    const int64_t together = width_ == columns.output ? count : 1;
    for (int64_t row = 0; row < count; row += together) {
      const int64_t window = windows.begin + row;
      const int64_t origin = rows.position(window, 0) * columns.input - columns.pad_low;
      int32_t* to = y + window * columns.output;
      const bool all_won =
          loops_.pooling.max(to, cells + row * width_, taps_.data(), static_cast<int64_t>(taps_.size()),
                             corners_.data(), static_cast<uint32_t>(origin), together * columns.output);
      if (!all_won) take_first_cells(y, {window, window + together});
    }
  }

  // Windows of nothing but -infinity give their first cell.
  void take_first_cells(int32_t* y, Range windows) const {
    const auto& [rows, columns] = axes_;
    for (int64_t row = windows.begin; row < windows.end; ++row) {
      for (int64_t column = 0; column < columns.output; ++column) {
        int32_t& position = y[row * columns.output + column];
        if (position < 0) position = static_cast<int32_t>(rows.first(row) * columns.input + columns.first(column));
      }
    }
  }

  const Pool pool_;
  const VectorLoops& loops_ = vector_loops();
  const Axes axes_;
  const Phases row_phases_, column_phases_;
  int64_t width_ = 0, band_ = 0, bands_ = 0;  // places per row; rows of windows per band; bands per plane
  std::vector<int64_t> starts_;               // where the first cells of an input row go, by their column
  std::vector<VectorLoops::Tap> taps_;
  std::vector<uint32_t> corners_;  // of the windows, from that of the first
  int threads_ = 1;
  std::vector<Scratch> cells_;  // per thread
};

}  // namespace

KernelPointer make_max_pool(const Pool& pool, int threads) { return std::make_unique<MaxPool>(pool, threads); }

}  // namespace bilevel::cpu
