#include "cpu/vector/random.h"

#include <cstring>

#include "cpu/kernel/parallel.h"
#include "cpu/vector/vector_loops.h"

namespace bilevel::cpu {
namespace {

// Philox is counter-based: every thread begins at its own place in the one stream of the key.
class RandomUniformKernel final : public Kernel {
 public:
  RandomUniformKernel(const RandomUniform& random, int threads)
      : random_(random), threads_(useful_threads(10 * random.count, threads)) {}

  void run(const Memory& memory) override {
    const uint32_t* key = memory.at<const uint32_t>(random_.key);
    float* y = memory.at<float>(random_.y);
    const int64_t whole = random_.count / 4;
    parallel(threads_, [&](int part) {
      const Range range = share(whole, part, threads_);
      loops_.philox(y + 4 * range.begin, key[0], key[1], static_cast<uint64_t>(range.begin), range.end - range.begin);
    });
    if (const int64_t rest = random_.count % 4; rest > 0) {
      float words[4];
      loops_.philox(words, key[0], key[1], static_cast<uint64_t>(whole), 1);
      std::memcpy(y + 4 * whole, words, static_cast<size_t>(rest) * 4);
    }
  }

 private:
  const RandomUniform random_;
  const VectorLoops& loops_ = vector_loops();
  const int threads_;
};

}  // namespace

KernelPointer make_random_uniform(const RandomUniform& random, int threads) {
  return std::make_unique<RandomUniformKernel>(random, threads);
}

}  // namespace bilevel::cpu
