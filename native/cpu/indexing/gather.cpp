// gather, gatherElements and setRows: elements are moved as they are, so only their width matters.
#include <cstring>

#include "cpu/indexing/indexing.h"
#include "cpu/indexing/indices.h"
#include "cpu/kernel/parallel.h"

namespace bilevel::cpu {
namespace {

int64_t element_bytes(const Program& program, int32_t buffer) {
  return kDTypeBytes[static_cast<size_t>(dtype_of(program, buffer))];
}

// memcpy of the small sizes that occur most, without a call.
inline void copy(std::byte* to, const std::byte* from, int64_t bytes) {
  if (bytes == 4) {
    std::memcpy(to, from, 4);
  } else if (bytes == 8) {
    std::memcpy(to, from, 8);
  } else {
    std::memcpy(to, from, static_cast<size_t>(bytes));
  }
}

// Moving a run costs about a nanosecond and its bytes.
int threads_for(int64_t runs, int64_t bytes, int threads) { return useful_threads(runs * (10 + bytes / 2), threads); }

class GatherKernel final : public Kernel {
 public:
  GatherKernel(const Program& program, const Gather& gather, int threads)
      : gather_(gather),
        indices_(program, gather.indices, gather.count, gather.size, threads),
        run_bytes_(gather.inner * element_bytes(program, gather.x)),
        threads_(threads_for(gather.outer * gather.count, run_bytes_, threads)) {}

  void run(const Memory& memory) override {
    const std::byte* x = memory.at<const std::byte>(gather_.x);
    std::byte* y = memory.at<std::byte>(gather_.y);
    indices_.with(memory, [&](const auto* indices) {
      const int64_t runs = run_bytes_ == 0 ? 0 : gather_.outer * gather_.count;
      parallel(threads_, [&](int part) {
        const Range range = share(runs, part, threads_);
        for (int64_t r = range.begin; r < range.end; ++r) {
          const int64_t outer = r / gather_.count, j = r % gather_.count;
          copy(y + r * run_bytes_, x + (outer * gather_.size + indices[j]) * run_bytes_, run_bytes_);
        }
      });
    });
  }

 private:
  const Gather gather_;
  const Indices indices_;
  const int64_t run_bytes_;
  const int threads_;
};

class GatherElementsKernel final : public Kernel {
 public:
  GatherElementsKernel(const Program& program, const GatherElements& gather, int threads)
      : gather_(gather),
        indices_(program, gather.indices, gather.rows * gather.count, gather.size, threads),
        bytes_(element_bytes(program, gather.x)),
        threads_(threads_for(gather.rows * gather.count, bytes_, threads)) {}

  void run(const Memory& memory) override {
    indices_.with(memory, [&](const auto* indices) {
      if (bytes_ == 1) {
        gather<uint8_t>(memory, indices);
      } else if (bytes_ == 4) {
        gather<uint32_t>(memory, indices);
      } else {
        gather<uint64_t>(memory, indices);
      }
    });
  }

 private:
  template <typename Element, typename Index>
  void gather(const Memory& memory, const Index* indices) const {
    const Element* x = memory.at<const Element>(gather_.x);
    Element* y = memory.at<Element>(gather_.y);
    parallel(threads_, [&](int part) {
      const Range rows = share(gather_.rows, part, threads_);
      for (int64_t row = rows.begin; row < rows.end; ++row) {
        move(y + row * gather_.count, x + row * gather_.size, indices + row * gather_.count);
      }
    });
  }

  template <typename Element, typename Index>
  void move(Element* y, const Element* x, const Index* indices) const {
    if constexpr (sizeof(Element) == 4 && sizeof(Index) == 4) {
      loops_.indexing.gather(y, x, indices, gather_.count);
    } else {
      for (int64_t j = 0; j < gather_.count; ++j) y[j] = x[indices[j]];
    }
  }

  const GatherElements gather_;
  const VectorLoops& loops_ = vector_loops();
  const Indices indices_;
  const int64_t bytes_;
  const int threads_;
};

// One thread: rows are written in order, so that the last of two equal indices wins.
class SetRowsKernel final : public Kernel {
 public:
  SetRowsKernel(const Program& program, const SetRows& rows, int threads)
      : rows_(rows),
        indices_(program, rows.indices, rows.count, rows.size, threads),
        row_bytes_(rows.inner * element_bytes(program, rows.target)) {}

  void run(const Memory& memory) override {
    const std::byte* target = memory.at<const std::byte>(rows_.target);
    const std::byte* rows = memory.at<const std::byte>(rows_.rows);
    std::byte* y = memory.at<std::byte>(rows_.y);
    indices_.with(memory, [&](const auto* indices) {
      if (y != target && rows_.size * row_bytes_ > 0)
        std::memcpy(y, target, static_cast<size_t>(rows_.size * row_bytes_));
      for (int64_t j = 0; j < rows_.count && row_bytes_ > 0; ++j) {
        copy(y + indices[j] * row_bytes_, rows + j * row_bytes_, row_bytes_);
      }
    });
  }

 private:
  const SetRows rows_;
  const Indices indices_;
  const int64_t row_bytes_;
};

}  // namespace

KernelPointer make_gather(const Program& program, const Gather& gather, int threads) {
  return std::make_unique<GatherKernel>(program, gather, threads);
}

KernelPointer make_gather_elements(const Program& program, const GatherElements& gather, int threads) {
  return std::make_unique<GatherElementsKernel>(program, gather, threads);
}

KernelPointer make_set_rows(const Program& program, const SetRows& rows, int threads) {
  return std::make_unique<SetRowsKernel>(program, rows, threads);
}

}  // namespace bilevel::cpu
