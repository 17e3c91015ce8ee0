#include "cpu/ranks/all_reduce.h"

#include <algorithm>

#include "cpu/kernel/interrupt.h"
#include "engine/ranks.h"

namespace bilevel::cpu {
namespace {

class AllReduceKernel final : public Kernel {
 public:
  AllReduceKernel(const AllReduce& sum, const Ranks* ranks) : sum_(sum), ranks_(ranks) {}

  // It waits for other processes, which the thread of JavaScript must not.
  bool forks() const override { return ranks_ != nullptr; }

  void run(const Memory& memory) override {
    const float* x = memory.at<const float>(sum_.x);
    float* y = memory.at<float>(sum_.y);
    if (ranks_ == nullptr) {
      std::copy_n(x, sum_.count, y);
    } else {
      ranks_->all_reduce(x, y, sum_.count, Interrupt().control());
    }
  }

 private:
  const AllReduce sum_;
  const Ranks* const ranks_;
};

}  // namespace

KernelPointer make_all_reduce(const AllReduce& sum, Settings settings) {
  return std::make_unique<AllReduceKernel>(sum, settings.ranks);
}

}  // namespace bilevel::cpu
