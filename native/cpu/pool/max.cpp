// Maxima and their positions, a block at a time. Padding is -infinity, which never wins.
#include <limits>
#include <vector>

#include "cpu/kernel/interrupt.h"
#include "cpu/kernel/parallel.h"
#include "cpu/kernel/scratch.h"
#include "cpu/pool/blocks.h"
#include "cpu/pool/pool.h"
#include "cpu/vector/vector_loops.h"

namespace bilevel::cpu {
namespace {

constexpr float kPadding = -std::numeric_limits<float>::infinity();

class MaxPool final : public Kernel {
 public:
  MaxPool(const Pool& pool, int threads)
      : pool_(pool), axes_(pool), blocks_(pool), threads_(useful_threads(blocks_.count() * blocks_.work(), threads)) {
    const int64_t count = blocks_.scratch_cells();
    for (int t = 0; t < threads_; ++t) std::fill_n(cells_.emplace_back(count * 4).at<float>(), count, kPadding);
  }

  void run(const Memory& memory) override {
    parallel(threads_, [&](int part) {
      float* cells = cells_[static_cast<size_t>(part)].at<float>();
      const Range tasks = share(blocks_.count(), part, threads_);
      const Interrupt interrupt;
      for (int64_t task = tasks.begin; task < tasks.end && !interrupt.requested(); ++task) {
        const PoolBlock block = blocks_.block(task);
        fill(cells, memory, block);
        find(cells, memory, block);
      }
    });
  }

 private:
  void fill(float* cells, const Memory& memory, const PoolBlock& block) const {
    const float* x = memory.at<const float>(pool_.x);
    blocks_.pad_rows(cells, block, kPadding);
    if (!pool_.scale) return loops_.split(cells, x, blocks_.rows(block, 0, block.planes), 1.0f);
    const float* scale = memory.at<const float>(*pool_.scale, block.plane);
    for (int64_t p = 0; p < block.planes; ++p) loops_.split(cells, x, blocks_.rows(block, p, 1), scale[p]);
  }

  void find(const float* cells, const Memory& memory, const PoolBlock& block) const {
    int32_t* indices = memory.at<int32_t>(pool_.indices, block.plane * axes_.output_plane());
    float* y = memory.at<float>(pool_.y, block.plane * axes_.output_plane());
    blocks_.each_run(block, [&](const PoolLoops::Windows& windows, int64_t from, int64_t first) {
      if (!loops_.max(indices + first, y + first, cells + from, windows)) {
        take_first_cells(indices, first, windows.count);
      }
    });
    if (!pool_.scale) return;
    // Maxima are those of scaled cells.
    const float* scale = memory.at<const float>(*pool_.scale, block.plane);
    const int64_t first = block.windows.begin * axes_.columns.output;
    const int64_t count = block.windows.end * axes_.columns.output - first;
    for (int64_t p = 0; p < block.planes; ++p) {
      if (scale[p] == 1.0f) continue;
      const float* x = memory.at<const float>(pool_.x, (block.plane + p) * axes_.input_plane());
      const int64_t at = p * axes_.output_plane() + first;
      vector_loops().indexing.gather(y + at, x, indices + at, count);
    }
  }

  // Windows of nothing but -infinity give their first cell.
  void take_first_cells(int32_t* indices, int64_t first, int64_t count) const {
    const auto& [rows, columns] = axes_;
    for (int64_t i = first; i < first + count; ++i) {
      if (indices[i] >= 0) continue;
      const int64_t window = i % axes_.output_plane();
      const int64_t row = rows.first(window / columns.output), column = columns.first(window % columns.output);
      indices[i] = static_cast<int32_t>(row * columns.input + column);
    }
  }

  const Pool pool_;
  const PoolLoops& loops_ = pool_loops();
  const Axes axes_;
  const PoolBlocks blocks_;
  const int threads_;
  std::vector<Scratch> cells_;  // per thread
};

}  // namespace

KernelPointer make_max_pool(const Pool& pool, int threads) { return std::make_unique<MaxPool>(pool, threads); }

}  // namespace bilevel::cpu
