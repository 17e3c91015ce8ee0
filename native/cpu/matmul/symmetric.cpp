#include "cpu/matmul/symmetric.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "cpu/kernel/interrupt.h"
#include "cpu/kernel/parallel.h"

namespace bilevel::cpu {

bool is_symmetric(const Matmul& product) {
  return product.a == product.b && product.offset_a == product.offset_b && product.transpose_a != product.transpose_b;
}

SymmetricProduct::SymmetricProduct(const Matmul& product, int threads)
    : product_(product),
      loops_(product_loops()),
      panels_((product.n + loops_.panel - 1) / loops_.panel),
      parts_(static_cast<int>(std::min<int64_t>(threads, panels_))),
      scratch_stride_(product.transpose_b ? round_up(product.k * loops_.panel * int64_t{sizeof(float)}, kCacheLine)
                                          : 0),
      scratch_(parts_ * scratch_stride_) {}

void SymmetricProduct::run(const Memory& memory) {
  const float* a = memory.at<const float>(product_.a, product_.offset_a);
  float* c = memory.at<float>(product_.c, product_.offset_c);
  // The first panels are the longest, so who is done first takes the next one.
  std::atomic<int64_t> next = 0;
  parallel(parts_, [&](int part) {
    const Interrupt interrupt;
    while (!interrupt.requested()) {
      const int64_t panel = next.fetch_add(1, std::memory_order_relaxed);
      if (panel >= panels_) return;
      compute_panel(panel * loops_.panel, a, c, scratch_.at<float>(part * scratch_stride_));
    }
  });
}

// Columns from `begin` on, and what mirrors them.
void SymmetricProduct::compute_panel(int64_t begin, const float* a, float* c, float* factor) const {
  const auto [k, n] = std::pair(product_.k, product_.n);
  const int64_t width = std::min(n - begin, loops_.panel), end = begin + width;
  float* block = c + begin * n + begin;
  if (product_.transpose_b) {
    loops_.transpose(width, k, a + begin * k, k, factor, width);
    loops_.rows(n - begin, width, k, a + begin * k, k, 1, factor, width, block, n);
  } else {
    loops_.rows(n - begin, width, k, a + begin, 1, n, a + begin, n, block, n);
  }
  if (end < n) loops_.transpose(n - end, width, c + end * n + begin, n, c + begin * n + end, n);
}

}  // namespace bilevel::cpu
