#include <algorithm>
#include <atomic>

#include "cpu/kernels.h"
#include "cpu/onednn.h"
#include "cpu/parallel.h"
#include "program/error.h"

namespace bilevel::cpu {
namespace {

// oneDNN's sgemm: as fast as its matmul primitive from 16 x 16 x 16 to 1024 x 1024 x 1024, faster for vectors, and it
// keeps no state. It would wake the team for products of a few microseconds, so the size of the team is decided here.
class MatmulKernel final : public Kernel {
 public:
  MatmulKernel(const Matmul& matmul, int threads) : matmul_(matmul) {
    // Products of a batch go to one thread each when there are enough of them to keep the team busy.
    const int64_t work = 2 * matmul.batch * matmul.m * matmul.n * matmul.k / kFlopsPerUnit;
    if (matmul.batch >= 4 * threads) parts_ = useful_threads(work, threads);
    if (parts_ == 1) team_ = useful_threads(work / std::max<int64_t>(1, matmul.batch), threads);
  }

  void run(const Memory& memory) override {
    const Matmul& i = matmul_;
    const int64_t size_a = i.m * i.k, size_b = i.k * i.n, size_c = i.m * i.n;
    const float* a = memory.at<const float>(i.a, i.offset_a);
    const float* b = memory.at<const float>(i.b, i.offset_b);
    float* c = memory.at<float>(i.c, i.offset_c);
    if (i.batch * size_c == 0) return;
    if (i.k == 0) {
      std::fill_n(c, i.batch * size_c, 0.0f);
      return;
    }
    std::atomic<bool> succeeded = true;
    parallel(parts_, [&](int part) {
      const TeamScope team(team_);
      const Range range = share(i.batch, part, parts_);
      for (int64_t p = range.begin; p < range.end; ++p) {
        if (!onednn::gemm(i.transpose_a, i.transpose_b, i.m, i.n, i.k, a + p * size_a, b + p * size_b,
                          c + p * size_c)) {
          succeeded = false;
        }
      }
    });
    if (!succeeded) throw Error("NATIVE_FAILURE", "oneDNN could not multiply matrices.");
  }

 private:
  static constexpr int64_t kFlopsPerUnit = 20;  // a core computes about that many in the unit of useful_threads

  const Matmul matmul_;
  int parts_ = 1;  // threads that each take products of the batch
  int team_ = 1;   // threads that work on one product together
};

}  // namespace

KernelPointer make_matmul(const Matmul& matmul, Settings settings) {
  return std::make_unique<MatmulKernel>(matmul, settings.threads);
}

}  // namespace bilevel::cpu
