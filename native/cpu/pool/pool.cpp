// Pooling over plain tensors. oneDNN's pooling is not used: it keeps positions of maxima in a private workspace,
// divides by the whole window where ceil mode lets it hang over the padding, and would need reorders; these loops run
// at memory speed.
#include "cpu/pool/makers.h"

namespace bilevel::cpu {

KernelPointer make_pool(const Pool& pool, int threads) {
  return pool.kind == PoolKind::kMax ? make_max_pool(pool, threads) : make_average_pool(pool, threads);
}

}  // namespace bilevel::cpu
