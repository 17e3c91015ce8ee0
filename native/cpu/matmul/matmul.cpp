#include "cpu/matmul/matmul.h"

#include <algorithm>
#include <atomic>
#include <optional>

#include "cpu/kernel/interrupt.h"
#include "cpu/kernel/parallel.h"
#include "cpu/kernel/scratch.h"
#include "cpu/matmul/product_plan.h"
#include "cpu/matmul/symmetric.h"
#include "cpu/onednn/operations.h"
#include "program/error.h"

namespace bilevel::cpu {
namespace {

// Products of our own loops: small and skinny ones, for which oneDNN's sgemm needs a microsecond to begin, has no
// fast way to a transposed B, or leaves half of its vectors empty.
class SmallProducts final : public Kernel {
 public:
  // `product` is the one that is computed, the transposed one when the plan says flipped.
  SmallProducts(const Matmul& product, const ProductPlan& plan)
      : product_(product), plan_(plan), loops_(product_loops()) {
    const Matmul& p = product_;
    if (packs_panels()) {
      factor_ = p.k * std::min(p.n, loops_.panel);
    } else if (transposes_b()) {
      factor_ = p.k * p.n;
    }
    const int64_t result = plan.flipped ? p.m * p.n : 0;
    scratch_stride_ = round_up((factor_ + result) * int64_t{sizeof(float)}, kCacheLine);
    scratch_ = Scratch(plan.parts * scratch_stride_);
  }

  void run(const Memory& memory) override {
    const Matmul& p = product_;
    const float* a = memory.at<const float>(p.a, p.offset_a);
    const float* b = memory.at<const float>(p.b, p.offset_b);
    float* c = memory.at<float>(p.c, p.offset_c);
    parallel(plan_.parts, [&](int part) {
      const auto mine = [&](ProductSplit split, int64_t count, int64_t grain) {
        return plan_.split == split ? share(count, part, plan_.parts, grain) : Range{0, count};
      };
      const Range batch = mine(ProductSplit::kBatch, p.batch, 1);
      const Range rows = mine(ProductSplit::kRows, p.m, 1),
                  columns = mine(ProductSplit::kColumns, p.n, plan_.column_grain(loops_));
      if (rows.begin == rows.end || columns.begin == columns.end) return;
      const Interrupt interrupt;
      for (int64_t i = batch.begin; i < batch.end && !interrupt.requested(); ++i) {
        run_block(a + i * p.m * p.k, b + i * p.k * p.n, c + i * p.m * p.n, rows, columns,
                  scratch_.at<float>(part * scratch_stride_));
      }
    });
  }

 private:
  bool packs_panels() const { return plan_.method == ProductMethod::kRows && product_.transpose_b; }
  bool transposes_b() const { return plan_.method == ProductMethod::kDots && !product_.transpose_b; }

  // Rows and columns of one product, which begins at a, b and c.
  void run_block(const float* a, const float* b, float* c, Range rows, Range columns, float* scratch) const {
    const Matmul& p = product_;
    const int64_t m = rows.end - rows.begin, n = columns.end - columns.begin;
    a += rows.begin * (p.transpose_a ? 1 : p.k);
    b += columns.begin * (p.transpose_b ? p.k : 1);
    if (!plan_.flipped) return multiply(m, n, a, b, c + rows.begin * p.n + columns.begin, p.n, scratch);
    float* result = scratch + factor_;
    multiply(m, n, a, b, result, n, scratch);
    loops_.transpose(m, n, result, n, c + columns.begin * p.m + rows.begin, p.m);
  }

  void multiply(int64_t m, int64_t n, const float* a, const float* b, float* c, int64_t c_row, float* factor) const {
    const Matmul& p = product_;
    const int64_t a_row = p.transpose_a ? 1 : p.k, a_step = p.transpose_a ? p.m : 1;
    if (packs_panels()) {
      for (int64_t j = 0; j < n; j += loops_.panel) {
        const int64_t width = std::min(n - j, loops_.panel);
        loops_.transpose(width, p.k, b + j * p.k, p.k, factor, width);
        loops_.rows(m, width, p.k, a, a_row, a_step, factor, width, c + j, c_row);
      }
    } else if (plan_.method == ProductMethod::kRows) {
      loops_.rows(m, n, p.k, a, a_row, a_step, b, p.n, c, c_row);
    } else {
      if (transposes_b()) loops_.transpose(p.k, n, b, p.n, factor, p.k);
      loops_.dots(m, n, p.k, a, a_row, transposes_b() ? factor : b, p.k, c, c_row);
    }
  }

  const Matmul product_;
  const ProductPlan plan_;
  const ProductLoops& loops_;
  int64_t factor_ = 0;  // floats of scratch for what is transposed of B
  int64_t scratch_stride_ = 0;
  Scratch scratch_;  // of each part: a transposed factor and a result to be transposed
};

// oneDNN multiplies as many rows in one call as take some tens of milliseconds, because a call cannot be interrupted.
int64_t rows_at_once(const Matmul& product) {
  constexpr int64_t kWork = int64_t{1} << 32, kFewest = 64;
  const int64_t rows = kWork / (product.n * product.k);
  return std::min(product.m, std::max(kFewest, rows / kFewest * kFewest));
}

// oneDNN's sgemm, which keeps no state. A transposed B with long rows is transposed first: what sgemm packs of it comes
// from as many rows as the panel is wide, which miss the cache or fall on one place of it. That made 25 to 2000 x 128
// to 600 products with k = 1024 to 3072 8 to 17 % slower, and up to twice where k is a power of two and A is thin.
class LibraryProducts final : public Kernel {
 public:
  LibraryProducts(const Matmul& product, const ProductPlan& plan)
      : product_(product),
        parts_(plan.split == ProductSplit::kBatch ? plan.parts : 1),
        team_(plan.split == ProductSplit::kBatch ? 1 : plan.parts),
        rows_(rows_at_once(product)),
        transposes_(product.transpose_b && product.k >= kLongRow && product.m >= kRowsForTransposed) {}

  int64_t workspace_bytes() const override { return transposes_ ? parts_ * stride() : 0; }
  bool forks() const override { return team_ > 1; }

  void run(const Memory& memory) override {
    const Matmul& p = product_;
    const float* a = memory.at<const float>(p.a, p.offset_a);
    const float* b = memory.at<const float>(p.b, p.offset_b);
    float* c = memory.at<float>(p.c, p.offset_c);
    std::atomic<bool> succeeded = true;
    parallel(parts_, [&](int part) {
      const Range range = share(p.batch, part, parts_);
      const Interrupt interrupt;
      for (int64_t i = range.begin; i < range.end && !interrupt.requested(); ++i) {
        const float* factor = b + i * p.k * p.n;
        if (transposes_) factor = transpose(factor, reinterpret_cast<float*>(memory.workspace + part * stride()));
        for (int64_t row = 0; row < p.m && !interrupt.requested(); row += rows_) {
          if (!onednn::gemm(p.transpose_a, p.transpose_b && !transposes_, std::min(rows_, p.m - row), p.n, p.k,
                            a + i * p.m * p.k + row * (p.transpose_a ? 1 : p.k), p.transpose_a ? p.m : p.k, factor,
                            c + (i * p.m + row) * p.n, team_)) {
            succeeded = false;
          }
        }
      }
    });
    if (!succeeded) throw Error("NATIVE_FAILURE", "oneDNN could not multiply matrices.");
  }

 private:
  static constexpr int64_t kLongRow = 1024;
  static constexpr int64_t kRowsForTransposed = 32;  // a thinner A takes less time than transposing B

  // Bytes of the workspace for one transposed B.
  int64_t stride() const { return round_up(product_.n * product_.k * int64_t{sizeof(float)}, kCacheLine); }

  const float* transpose(const float* b, float* to) const {
    const Matmul& p = product_;
    parallel(team_, [&](int part) {
      const Range rows = share(p.n, part, team_, kCacheLine / sizeof(float));
      if (rows.begin == rows.end) return;
      product_loops().transpose(rows.end - rows.begin, p.k, b + rows.begin * p.k, p.k, to + rows.begin, p.n);
    });
    return to;
  }

  const Matmul product_;
  const int parts_;  // threads that each take products of the batch
  const int team_;   // threads that work on one product together
  const int64_t rows_;
  const bool transposes_;
};

// Products whose factors are rounded to bfloat16, one after the other.
class RoundedProducts final : public Kernel {
 public:
  RoundedProducts(const Matmul& product, const ProductPlan& plan)
      : product_(product),
        rows_(rows_at_once(product)),
        team_(plan.parts),
        most_(product.transpose_a, product.transpose_b, rows_, product.n, product.k, row_of_a(), team_) {
    const int64_t rest = product.m % rows_;
    if (rest == 0) return;
    last_.emplace(product.transpose_a, product.transpose_b, rest, product.n, product.k, row_of_a(), team_);
  }

  int64_t workspace_bytes() const override {
    return std::max(most_.workspace_bytes(), last_ ? last_->workspace_bytes() : 0);
  }
  bool forks() const override { return team_ > 1; }

  void run(const Memory& memory) override {
    const Matmul& p = product_;
    float* a = memory.at<float>(p.a, p.offset_a);
    float* b = memory.at<float>(p.b, p.offset_b);
    float* c = memory.at<float>(p.c, p.offset_c);
    const Interrupt interrupt;
    for (int64_t i = 0; i < p.batch; ++i) {
      for (int64_t row = 0; row < p.m && !interrupt.requested(); row += rows_) {
        onednn::RoundedProduct& product = p.m - row < rows_ ? *last_ : most_;
        product.run(a + i * p.m * p.k + row * (p.transpose_a ? 1 : p.k), b + i * p.k * p.n, c + (i * p.m + row) * p.n,
                    memory.workspace);
      }
    }
  }

 private:
  int64_t row_of_a() const { return product_.transpose_a ? product_.m : product_.k; }

  const Matmul product_;
  const int64_t rows_;
  const int team_;
  onednn::RoundedProduct most_;                 // of rows_ rows
  std::optional<onednn::RoundedProduct> last_;  // of those that are left over
};

class Zeros final : public Kernel {
 public:
  explicit Zeros(const Matmul& product) : product_(product) {}

  void run(const Memory& memory) override {
    std::fill_n(memory.at<float>(product_.c, product_.offset_c), product_.batch * product_.m * product_.n, 0.0f);
  }

 private:
  const Matmul product_;
};

// A vector is the same memory as its transpose: one column becomes one row, and a row is not transposed.
Matmul as_row(const Matmul& product) {
  Matmul p = product.n == 1 && product.m > 1 ? flipped(product) : product;
  if (p.m == 1) p.transpose_a = false;
  return p;
}

}  // namespace

KernelPointer make_matmul(const Matmul& matmul, Settings settings) {
  if (matmul.batch * matmul.m * matmul.n == 0 || matmul.k == 0) return std::make_unique<Zeros>(matmul);
  const Matmul product = as_row(matmul);
  const ProductPlan plan = plan_product(product, product_loops(), settings);
  if (plan.method == ProductMethod::kLibrary) return std::make_unique<LibraryProducts>(product, plan);
  if (plan.method == ProductMethod::kRounded) return std::make_unique<RoundedProducts>(product, plan);
  if (plan.method == ProductMethod::kRows && product.batch == 1 && is_symmetric(product)) {
    return std::make_unique<SymmetricProduct>(product, plan.parts);
  }
  return std::make_unique<SmallProducts>(plan.flipped ? flipped(product) : product, plan);
}

}  // namespace bilevel::cpu
