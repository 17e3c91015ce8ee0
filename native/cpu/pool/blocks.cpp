#include "cpu/pool/blocks.h"

#include <algorithm>

namespace bilevel::cpu {
namespace {

constexpr int64_t kBlockCells = 4096;  // stay in the first-level cache

}  // namespace

PoolBlocks::PoolBlocks(const Pool& pool)
    : axes_(pool),
      row_phases_(axes_.rows),
      column_phases_(axes_.columns),
      planes_(pool.planes),
      width_(column_phases_.places(axes_.columns.output)) {
  const auto& [rows, columns] = axes_;
  band_ = std::max<int64_t>(rows.output, 1);
  while (band_ > 1 && cells() > kBlockCells) band_ = (band_ + 1) / 2;
  bands_ = std::max<int64_t>(1, (rows.output + band_ - 1) / band_);
  // Where windows do not overlap, those of several planes are one run.
  if (bands_ == 1 && row_phases_.reach == 0 && column_phases_.reach == 0) {
    block_planes_ = std::clamp<int64_t>(kBlockCells / std::max<int64_t>(1, cells()), 1, std::max<int64_t>(1, planes_));
  }

  const Range all = inside(block(0));
  first_row_ = bands_ == 1 ? all.begin : 0;
  plane_rows_ = bands_ == 1 ? std::max<int64_t>(0, all.end - all.begin) : row_phases_.cells(band_);
  for (int64_t plane = 0; plane < block_planes_; ++plane) {
    const int64_t first_place = plane * row_phases_.places(band_) * width_;
    for (int64_t row = first_row_; row < first_row_ + plane_rows_; ++row) {
      rows_.push_back({plane * axes_.input_plane() + row * columns.input, first_place + place(row, 0)});
    }
    for (int64_t window = 0; window < band_ * width_; ++window) {
      const int64_t corner = window / width_ * rows.stride * columns.input + window % width_ * columns.stride;
      corners_.push_back(static_cast<uint32_t>(corner));
    }
  }
  corners_.resize(corners_.size() + kPoolSlack);
  for (int64_t p = 0; p < column_phases_.stride; ++p) starts_.push_back(place(0, columns.pad_low + p));
  for (int64_t y = 0; y < rows.kernel; ++y) {
    for (int64_t x = 0; x < columns.kernel; ++x) {
      const int64_t down = y * rows.dilation, right = x * columns.dilation;
      taps_.push_back({place(down, right), static_cast<uint32_t>(down * columns.input + right)});
    }
  }
}

PoolBlock PoolBlocks::block(int64_t number) const {
  const int64_t plane = number / bands_ * block_planes_, window = number % bands_ * band_;
  return {plane, std::min(block_planes_, planes_ - plane), {window, std::min(window + band_, axes_.rows.output)}};
}

// Calls, rows to copy, cells to copy and to compare.
int64_t PoolBlocks::work() const {
  return 100 + 20 * block_planes_ * row_phases_.cells(band_) + cells() +
         block_planes_ * band_ * width_ * axes_.taps() / 4;
}

int64_t PoolBlocks::place(int64_t row, int64_t column) const {
  const int64_t phase = row % row_phases_.stride * column_phases_.stride + column % column_phases_.stride;
  return phase * phase_cells() + row / row_phases_.stride * width_ + column / column_phases_.stride;
}

Range PoolBlocks::inside(const PoolBlock& block) const {
  const int64_t top = block.windows.begin * row_phases_.stride - axes_.rows.pad_low;
  const int64_t met = row_phases_.cells(block.windows.end - block.windows.begin);
  const int64_t begin = std::clamp<int64_t>(-top, 0, met);
  return {begin, std::clamp<int64_t>(axes_.rows.input - top, begin, met)};
}

PoolLoops::Rows PoolBlocks::rows(const PoolBlock& block, int64_t first, int64_t planes) const {
  const auto& [rows, columns] = axes_;
  const auto [begin, end] = inside(block);
  const int64_t top = block.windows.begin * row_phases_.stride - rows.pad_low;
  // Cells beyond the last place meet no window.
  const int64_t length = std::clamp<int64_t>(column_phases_.cells(columns.output) - columns.pad_low, 0, columns.input);
  return {rows_.data() + first * plane_rows_ + (begin - first_row_),
          planes * (end - begin),
          block.plane * axes_.input_plane() + top * columns.input,
          length,
          starts_.data(),
          column_phases_.stride};
}

void PoolBlocks::pad_rows(float* scratch, const PoolBlock& block, float value) const {
  if (bands_ == 1) return;
  const auto [begin, end] = inside(block);
  const int64_t met = row_phases_.cells(block.windows.end - block.windows.begin);
  const auto pad = [&](int64_t row) {
    for (int64_t p = 0; p < column_phases_.stride; ++p) std::fill_n(scratch + place(row, p), width_, value);
  };
  for (int64_t row = 0; row < begin; ++row) pad(row);
  for (int64_t row = end; row < met; ++row) pad(row);
}

}  // namespace bilevel::cpu
