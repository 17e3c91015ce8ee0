// Pooling over plain tensors. oneDNN's pooling is not used: it keeps positions of maxima in a private workspace,
// divides by the whole window where ceil mode lets it hang over the padding, and would need reorders; these loops run
// at memory speed.
#include "cpu/pool/pool.h"

namespace bilevel::cpu {
namespace {

// Without planes a size may be anything; tables of windows would be as large.
class Nothing final : public Kernel {
 public:
  void run(const Memory&) override {}
};

}  // namespace

KernelPointer make_pool(const Pool& pool, int threads) {
  if (pool.planes == 0) return std::make_unique<Nothing>();
  return pool.kind == PoolKind::kMax ? make_max_pool(pool, threads) : make_average_pool(pool, threads);
}

}  // namespace bilevel::cpu
