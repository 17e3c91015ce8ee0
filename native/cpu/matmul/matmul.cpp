#include <algorithm>
#include <atomic>
#include <utility>

#include "cpu/kernels.h"
#include "cpu/matmul/plan.h"
#include "cpu/onednn.h"
#include "cpu/parallel.h"
#include "cpu/scratch.h"
#include "program/error.h"

namespace bilevel::cpu {
namespace {

// Products of our own loops: small and skinny ones, for which oneDNN's sgemm needs a microsecond to begin, has no
// fast way to a transposed B, or leaves half of its vectors empty.
class SmallProducts final : public Kernel {
 public:
  SmallProducts(const Matmul& product, const ProductPlan& plan)
      : product_(product), plan_(plan), loops_(product_loops()) {
    if (plan.method == ProductMethod::kPacked) {
      panel_bytes_ = round_up(product.k * std::min(product.n, loops_.panel) * int64_t{sizeof(float)}, kCacheLine);
      panels_ = Scratch(plan.parts * panel_bytes_);
    }
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
      const Range rows = mine(ProductSplit::kRows, p.m, 1), columns = mine(ProductSplit::kColumns, p.n, loops_.lanes);
      if (rows.begin == rows.end || columns.begin == columns.end) return;
      for (int64_t i = batch.begin; i < batch.end; ++i) {
        multiply(a + i * p.m * p.k, b + i * p.k * p.n, c + i * p.m * p.n, rows, columns,
                 panels_.at<float>(part * panel_bytes_));
      }
    });
  }

 private:
  // A block of one product.
  void multiply(const float* a, const float* b, float* c, Range rows, Range columns, float* panel) const {
    const Matmul& p = product_;
    const int64_t m = rows.end - rows.begin, a_row = p.transpose_a ? 1 : p.k, a_step = p.transpose_a ? p.m : 1;
    a += rows.begin * a_row;
    c += rows.begin * p.n;
    if (plan_.method == ProductMethod::kRows) {
      loops_.rows(m, columns.end - columns.begin, p.k, a, a_row, a_step, b + columns.begin, p.n, c + columns.begin,
                  p.n);
    } else if (plan_.method == ProductMethod::kDots) {
      loops_.dots(m, columns.end - columns.begin, p.k, a, a_row, b + columns.begin * p.k, p.k, c + columns.begin, p.n);
    } else {
      for (int64_t j = columns.begin; j < columns.end;) {
        const int64_t n = std::min(columns.end - j, loops_.panel);
        loops_.transpose(n, p.k, b + j * p.k, p.k, panel, n);
        loops_.rows(m, n, p.k, a, a_row, a_step, panel, n, c + j, p.n);
        j += n;
      }
    }
  }

  const Matmul product_;
  const ProductPlan plan_;
  const ProductLoops& loops_;
  int64_t panel_bytes_ = 0;
  Scratch panels_;
};

// oneDNN's sgemm, which keeps no state.
class LibraryProducts final : public Kernel {
 public:
  LibraryProducts(const Matmul& product, const ProductPlan& plan)
      : product_(product),
        parts_(plan.split == ProductSplit::kBatch ? plan.parts : 1),
        team_(plan.split == ProductSplit::kBatch ? 1 : plan.parts) {}

  void run(const Memory& memory) override {
    const Matmul& p = product_;
    const float* a = memory.at<const float>(p.a, p.offset_a);
    const float* b = memory.at<const float>(p.b, p.offset_b);
    float* c = memory.at<float>(p.c, p.offset_c);
    std::atomic<bool> succeeded = true;
    parallel(parts_, [&](int part) {
      const TeamScope team(team_);
      const Range range = share(p.batch, part, parts_);
      for (int64_t i = range.begin; i < range.end; ++i) {
        if (!onednn::gemm(p.transpose_a, p.transpose_b, p.m, p.n, p.k, a + i * p.m * p.k, b + i * p.k * p.n,
                          c + i * p.m * p.n)) {
          succeeded = false;
        }
      }
    });
    if (!succeeded) throw Error("NATIVE_FAILURE", "oneDNN could not multiply matrices.");
  }

 private:
  const Matmul product_;
  const int parts_;  // threads that each take products of the batch
  const int team_;   // threads that work on one product together
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

// The same product with a single row where it has a single column or row: a vector is the same memory as its transpose.
Matmul as_row(Matmul p) {
  if (p.n == 1 && p.m > 1) {
    std::swap(p.m, p.n);
    std::swap(p.a, p.b);
    std::swap(p.offset_a, p.offset_b);
    p.transpose_b = !p.transpose_a;
  }
  if (p.m == 1) p.transpose_a = false;
  return p;
}

}  // namespace

KernelPointer make_matmul(const Matmul& matmul, Settings settings) {
  if (matmul.batch * matmul.m * matmul.n == 0 || matmul.k == 0) return std::make_unique<Zeros>(matmul);
  const Matmul product = as_row(matmul);
  const ProductPlan plan = plan_product(product, product_loops(), settings.threads);
  if (plan.method == ProductMethod::kLibrary) return std::make_unique<LibraryProducts>(product, plan);
  return std::make_unique<SmallProducts>(product, plan);
}

}  // namespace bilevel::cpu
