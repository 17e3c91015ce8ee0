// Cuts planes into blocks that stay in the first-level cache, and lays the cells of a block out in scratch memory so
// that what one tap of the windows meets lies there in the order of the windows: with a stride of s, every s-th row and
// every s-th column together, and padding in its place. Every tap is then one long run of cells, however short the rows
// of a plane are.
#pragma once

#include <cstdint>
#include <vector>

#include "cpu/pool/pool_loops.h"
#include "cpu/windows/axis.h"

namespace bilevel::cpu {

// Rows of windows of one plane, or whole planes.
struct PoolBlock {
  int64_t plane, planes;
  Range windows;
};

class PoolBlocks {
 public:
  explicit PoolBlocks(const Pool& pool);

  int64_t count() const { return (planes_ + block_planes_ - 1) / block_planes_ * bands_; }
  PoolBlock block(int64_t number) const;
  // What a block costs in tenths of a nanosecond, as measured with AVX-512.
  int64_t work() const;
  // Cells of scratch memory, with those behind them that vectors may read.
  int64_t scratch_cells() const { return cells() + kPoolSlack; }

  // The rows of `planes` planes, from the block's `first` on, that its windows meet and that lie in the input.
  PoolLoops::Rows rows(const PoolBlock& block, int64_t first, int64_t planes) const;
  // Writes a value to the scratch memory of the block's rows that lie in the padding, but where they do so in all
  // blocks: then nothing else is ever written there.
  void pad_rows(float* scratch, const PoolBlock& block, float value) const;
  // Calls body(windows, cells, first) for runs of the block's windows, where `cells` is where those in scratch memory
  // begin and `first` is the run's first window within the plane.
  template <typename Body>
  void each_run(const PoolBlock& block, Body&& body) const {
    const int64_t rows = block.windows.end - block.windows.begin;
    const int64_t together = width_ == axes_.columns.output ? rows : 1;
    for (int64_t row = 0; row < rows; row += together) {
      const int64_t window = block.windows.begin + row;
      const int64_t origin = axes_.rows.position(window, 0) * axes_.columns.input - axes_.columns.pad_low;
      body(PoolLoops::Windows{taps_.data(), static_cast<int64_t>(taps_.size()), corners_.data(),
                              static_cast<uint32_t>(origin), block.planes * together * axes_.columns.output},
           row * width_, window * axes_.columns.output);
    }
  }

 private:
  // One dimension of the padded input: cell q is place q / stride of phase q % stride.
  struct Phases {
    int64_t stride, reach;

    // A single window needs no phases, whatever its stride.
    explicit Phases(const Axis& axis)
        : stride(axis.output == 1 ? 1 : axis.stride), reach((axis.kernel - 1) * axis.dilation / stride) {}
    // How many places of each phase so many neighbouring windows meet.
    int64_t places(int64_t windows) const { return windows + reach; }
    // How many cells.
    int64_t cells(int64_t windows) const { return stride * places(windows); }
  };

  // Scratch memory holds, for every phase of the rows and every phase of the columns, the places of both.
  int64_t phase_cells() const { return block_planes_ * row_phases_.places(band_) * width_; }
  int64_t cells() const { return row_phases_.stride * column_phases_.stride * phase_cells(); }
  // Where a cell of the padded first plane of a block goes.
  int64_t place(int64_t row, int64_t column) const;
  // The rows, counted from the first that the block's windows meet, that lie in the input.
  Range inside(const PoolBlock& block) const;

  const Axes axes_;
  const Phases row_phases_, column_phases_;
  const int64_t planes_, width_;                     // places per row
  int64_t band_ = 1, bands_ = 1, block_planes_ = 1;  // rows of windows per block; blocks per plane; planes per block
  int64_t first_row_ = 0, plane_rows_ = 0;           // what rows_ holds of each plane
  std::vector<PoolLoops::Row> rows_;
  std::vector<int64_t> starts_;  // where the first cells of an input row go, by their column
  std::vector<PoolLoops::Tap> taps_;
  std::vector<uint32_t> corners_;  // of the windows, from that of a plane's first in the block
};

}  // namespace bilevel::cpu
