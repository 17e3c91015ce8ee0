// Products of a sparse matrix and a dense one, and those of two dense ones that are wanted at the entries of a sparse
// one alone. Rows are lists of entries anywhere among those that there are, so that a mini-batch copies none; each
// thread owns what it writes and adds in the order of the rows, so that teams of all sizes give the same bits.
#include "cpu/sparse/sparse.h"

#include <algorithm>
#include <atomic>

#include "cpu/kernel/interrupt.h"
#include "cpu/kernel/parallel.h"
#include "cpu/sparse/sparse_loops.h"
#include "program/index_error.h"

namespace bilevel::cpu {
namespace {

// About what an entry costs, in the units of useful_threads, beside its multiplications.
constexpr int64_t kEntryWork = 20;
// As many entries as this are work for all threads, however many more there are.
constexpr int64_t kMostCounted = int64_t{1} << 24;

// What both products read at the entries of their rows.
template <typename Product>
class SparseKernel : public Kernel {
 public:
  SparseKernel(const Product& product, int threads) : product_(product), threads_(threads) {}

  int64_t workspace_bytes() const override { return rows() * int64_t{sizeof(Extent)}; }

 protected:
  int64_t rows() const { return product_.batch * product_.rows; }

  // Copies the extents to the workspace, because JavaScript can write to those of a bound tensor between the check and
  // the use. Returns how many entries the rows have in all, up to kMostCounted. Throws INDEX_OUT_OF_RANGE.
  int64_t load_extents(const Memory& memory) const {
    const Extent* given = memory.at<const Extent>(product_.extents);
    Extent* const extents = extents_in(memory);
    std::copy_n(given, rows(), extents);
    int64_t total = 0;
    for (int64_t row = 0; row < rows(); ++row) {
      if (!extents[row].is_within(product_.entries)) refuse_extent(row, extents[row], product_.entries);
      total = std::min(total + extents[row].count, kMostCounted);
    }
    return total;
  }

  static Extent* extents_in(const Memory& memory) { return reinterpret_cast<Extent*>(memory.workspace); }

  SparseLoops::Row row_at(const Memory& memory, Extent extent) const {
    return {memory.at<const int32_t>(product_.indices, extent.begin), extent.count, product_.size};
  }

  // Remembers the first index out of range of all rows; `found` is what a loop returned of this one.
  class WrongIndex {
   public:
    void note(Extent extent, int64_t found) {
      if (found == extent.count) return;
      const int64_t position = extent.begin + found;
      int64_t first = first_.load(std::memory_order_relaxed);
      while (position < first && !first_.compare_exchange_weak(first, position, std::memory_order_relaxed)) {
      }
    }
    // Throws INDEX_OUT_OF_RANGE.
    void check(const Memory& memory, const Product& product) const {
      const int64_t first = first_.load(std::memory_order_relaxed);
      if (first < product.entries) refuse_index(first, *memory.at<const int32_t>(product.indices, first), product.size);
    }

   private:
    std::atomic<int64_t> first_ = INT64_MAX;
  };

  const Product product_;
  const int threads_;
  const SparseLoops& loops_ = sparse_loops();
};

class SparseMatmulKernel final : public SparseKernel<SparseMatmul> {
 public:
  using SparseKernel::SparseKernel;

  void run(const Memory& memory) override {
    const int64_t work = load_extents(memory) * (kEntryWork + product_.columns);
    if (product_.columns == 0) return;
    WrongIndex wrong;
    if (product_.transpose) {
      transposed(memory, work, wrong);
    } else {
      forward(memory, work, wrong);
    }
    wrong.check(memory, product_);
  }

 private:
  // A thread for some of the rows.
  void forward(const Memory& memory, int64_t work, WrongIndex& wrong) const {
    const int64_t size = product_.size, columns = product_.columns;
    const int parts = useful_threads(work, threads_);
    parallel(parts, [&](int part) {
      const Range range = share(rows(), part, parts);
      const Interrupt interrupt;
      for (int64_t row = range.begin; row < range.end && !interrupt.requested(); ++row) {
        const Extent extent = extents_in(memory)[row];
        const float* x = memory.at<const float>(product_.x, row / product_.rows * size * columns);
        float* y = memory.at<float>(product_.y, row * columns);
        const float* values = memory.at<const float>(product_.values, extent.begin);
        wrong.note(extent, loops_.sum(y, columns, row_at(memory, extent), values, x));
      }
    });
  }

  // A thread for some of the columns of the sparse matrix, which goes through all entries for those of its columns.
  void transposed(const Memory& memory, int64_t work, WrongIndex& wrong) const {
    const int64_t rows = product_.rows, size = product_.size, columns = product_.columns;
    const int64_t results = product_.batch * size;
    const int parts = useful_threads(work + results * columns, threads_);
    parallel(parts, [&](int part) {
      const Range range = share(results, part, parts);
      std::fill_n(memory.at<float>(product_.y, range.begin * columns), (range.end - range.begin) * columns, 0.0f);
      const Interrupt interrupt;
      // Without columns of the sparse matrix there are no results, but indices that are out of range.
      const int64_t first = size == 0 ? 0 : range.begin / size;
      const int64_t last = size == 0 ? product_.batch : (range.end + size - 1) / size;
      for (int64_t of = first; of < last; ++of) {
        const int64_t begin = std::max<int64_t>(range.begin - of * size, 0);
        const int64_t end = std::min(range.end - of * size, size);
        float* y = memory.at<float>(product_.y, of * size * columns);
        for (int64_t row = of * rows; row < (of + 1) * rows && !interrupt.requested(); ++row) {
          const Extent extent = extents_in(memory)[row];
          const float* x = memory.at<const float>(product_.x, row * columns);
          const float* values = memory.at<const float>(product_.values, extent.begin);
          wrong.note(extent, loops_.spread(y, columns, row_at(memory, extent), values, x, begin, end));
        }
      }
    });
  }
};

class SampledMatmulKernel final : public SparseKernel<SampledMatmul> {
 public:
  using SparseKernel::SparseKernel;

  // A thread for some of the entries, which goes through all rows for those that have one of them.
  void run(const Memory& memory) override {
    const int64_t size = product_.size, columns = product_.columns, entries = product_.entries;
    const int64_t work = load_extents(memory) * (kEntryWork + columns) + entries;
    const int parts = useful_threads(work, threads_);
    WrongIndex wrong;
    parallel(parts, [&](int part) {
      const Range range = share(entries, part, parts);
      std::fill_n(memory.at<float>(product_.values, range.begin), range.end - range.begin, 0.0f);
      const Interrupt interrupt;
      for (int64_t row = 0; row < rows() && !interrupt.requested(); ++row) {
        const Extent whole = extents_in(memory)[row];
        const int64_t begin = std::max<int64_t>(whole.begin, range.begin);
        const int64_t end = std::min<int64_t>(int64_t{whole.begin} + whole.count, range.end);
        if (begin >= end) continue;
        const Extent extent = {static_cast<int32_t>(begin), static_cast<int32_t>(end - begin)};
        const float* a = memory.at<const float>(product_.a, row * columns);
        const float* b = memory.at<const float>(product_.b, row / product_.rows * size * columns);
        float* values = memory.at<float>(product_.values, begin);
        wrong.note(extent, loops_.dots(values, columns, row_at(memory, extent), a, b));
      }
    });
    wrong.check(memory, product_);
  }
};

}  // namespace

KernelPointer make_sparse_matmul(const SparseMatmul& product, int threads) {
  return std::make_unique<SparseMatmulKernel>(product, threads);
}

KernelPointer make_sampled_matmul(const SampledMatmul& product, int threads) {
  return std::make_unique<SampledMatmulKernel>(product, threads);
}

}  // namespace bilevel::cpu
