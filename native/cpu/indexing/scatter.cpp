// scatterAdd and scatterAddElements. A thread owns whole outer slices or columns and adds to them in the order of the
// indices, so that repeated indices give the same bits in every run.
#include <algorithm>

#include "cpu/indexing/indexing.h"
#include "cpu/indexing/indices.h"
#include "cpu/kernel/parallel.h"

namespace bilevel::cpu {
namespace {

class ScatterAddKernel final : public Kernel {
 public:
  ScatterAddKernel(const Program& program, const ScatterAdd& scatter, int threads)
      : scatter_(scatter),
        indices_(program, scatter.indices, scatter.count, scatter.size, threads),
        threads_(useful_threads(scatter.outer * scatter.inner * (scatter.size + 2 * scatter.count), threads)) {}

  void run(const Memory& memory) override {
    const float* x = memory.at<const float>(scatter_.x);
    float* y = memory.at<float>(scatter_.y);
    // Threads share the outer dimension, or the inner one when that leaves some without work.
    const bool by_outer = scatter_.outer >= threads_;
    indices_.with(memory, [&](const auto* indices) {
      parallel(threads_, [&](int part) {
        const Range outer = by_outer ? share(scatter_.outer, part, threads_) : Range{0, scatter_.outer};
        const Range inner = by_outer ? Range{0, scatter_.inner} : share(scatter_.inner, part, threads_, 16);
        for (int64_t o = outer.begin; o < outer.end; ++o) {
          add(y + o * scatter_.size * scatter_.inner, x + o * scatter_.count * scatter_.inner, indices, inner);
        }
      });
    });
  }

 private:
  template <typename Index>
  void add(float* y, const float* x, const Index* indices, Range inner) const {
    const int64_t n = inner.end - inner.begin;
    y += inner.begin;
    x += inner.begin;
    const int64_t rows = n == scatter_.inner ? 1 : scatter_.size;  // whole rows follow each other
    for (int64_t row = 0; row < rows; ++row) std::fill_n(y + row * scatter_.inner, scatter_.size / rows * n, 0.0f);
    for (int64_t j = 0; j < scatter_.count; ++j) {
      float* to = y + indices[j] * scatter_.inner;
      const float* from = x + j * scatter_.inner;
      for (int64_t i = 0; i < n; ++i) to[i] += from[i];
    }
  }

  const ScatterAdd scatter_;
  const Indices indices_;
  const int threads_;
};

class ScatterAddElementsKernel final : public Kernel {
 public:
  ScatterAddElementsKernel(const Program& program, const ScatterAddElements& scatter, int threads)
      : scatter_(scatter),
        indices_(program, scatter.indices, scatter.rows * scatter.count, scatter.size, threads),
        threads_(useful_threads(scatter.rows * (scatter.size + 10 * scatter.count), threads)) {}

  void run(const Memory& memory) override {
    const float* x = memory.at<const float>(scatter_.x);
    float* y = memory.at<float>(scatter_.y);
    indices_.with(memory, [&](const auto* indices) {
      parallel(threads_, [&](int part) {
        const Range rows = share(scatter_.rows, part, threads_);
        for (int64_t row = rows.begin; row < rows.end; ++row) {
          float* to = y + row * scatter_.size;
          std::fill_n(to, scatter_.size, 0.0f);
          const int64_t at = row * scatter_.count;
          for (int64_t j = 0; j < scatter_.count; ++j) to[indices[at + j]] += x[at + j];
        }
      });
    });
  }

 private:
  const ScatterAddElements scatter_;
  const Indices indices_;
  const int threads_;
};

}  // namespace

KernelPointer make_scatter_add(const Program& program, const ScatterAdd& scatter, int threads) {
  return std::make_unique<ScatterAddKernel>(program, scatter, threads);
}

KernelPointer make_scatter_add_elements(const Program& program, const ScatterAddElements& scatter, int threads) {
  return std::make_unique<ScatterAddElementsKernel>(program, scatter, threads);
}

}  // namespace bilevel::cpu
