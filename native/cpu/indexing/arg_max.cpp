#include <cmath>

#include "cpu/indexing/indexing.h"
#include "cpu/kernel/parallel.h"

namespace bilevel::cpu {
namespace {

class ArgMaxKernel final : public Kernel {
 public:
  ArgMaxKernel(const ArgMax& arg_max, int threads)
      : arg_max_(arg_max), threads_(useful_threads(10 * arg_max.outer * arg_max.size * arg_max.inner, threads)) {}

  void run(const Memory& memory) override {
    const float* x = memory.at<const float>(arg_max_.x);
    int64_t* y = memory.at<int64_t>(arg_max_.y);
    parallel(threads_, [&](int part) {
      const Range range = share(arg_max_.outer * arg_max_.inner, part, threads_);
      for (int64_t i = range.begin; i < range.end; ++i) {
        y[i] = first_largest(x + i / arg_max_.inner * arg_max_.size * arg_max_.inner + i % arg_max_.inner);
      }
    });
  }

 private:
  int64_t first_largest(const float* x) const {
    int64_t best = 0;
    float largest = x[0];
    for (int64_t j = 1; j < arg_max_.size && !std::isnan(largest); ++j) {
      const float value = x[j * arg_max_.inner];
      if (value > largest || std::isnan(value)) {
        largest = value;
        best = j;
      }
    }
    return best;
  }

  const ArgMax arg_max_;
  const int threads_;
};

}  // namespace

KernelPointer make_arg_max(const ArgMax& arg_max, int threads) {
  return std::make_unique<ArgMaxKernel>(arg_max, threads);
}

}  // namespace bilevel::cpu
