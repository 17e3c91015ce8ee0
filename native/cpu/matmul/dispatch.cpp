#include <vector>

#include "cpu/isa.h"
#include "cpu/matmul/loops.h"

namespace bilevel::cpu {

namespace baseline {
extern const ProductLoops kProductLoops;
}
#if defined(BILEVEL_HAS_X86_ISAS)
namespace avx2 {
extern const ProductLoops kProductLoops;
}
namespace avx512 {
extern const ProductLoops kProductLoops;
}
#endif

std::span<const ProductLoops* const> supported_product_loops() {
#if defined(BILEVEL_HAS_X86_ISAS)
  static const std::vector<const ProductLoops*> usable =
      usable_tables(baseline::kProductLoops, avx2::kProductLoops, avx512::kProductLoops);
#else
  static const std::vector<const ProductLoops*> usable = usable_tables(baseline::kProductLoops);
#endif
  return usable;
}

}  // namespace bilevel::cpu
