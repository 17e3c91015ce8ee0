#include <vector>

#include "cpu/isa.h"
#include "cpu/vector/loops.h"

namespace bilevel::cpu {

namespace baseline {
extern const VectorLoops kLoops;
}
#if defined(BILEVEL_HAS_X86_ISAS)
namespace avx2 {
extern const VectorLoops kLoops;
}
namespace avx512 {
extern const VectorLoops kLoops;
}
#endif

std::span<const VectorLoops* const> supported_vector_loops() {
#if defined(BILEVEL_HAS_X86_ISAS)
  static const std::vector<const VectorLoops*> usable = usable_tables(baseline::kLoops, avx2::kLoops, avx512::kLoops);
#else
  static const std::vector<const VectorLoops*> usable = usable_tables(baseline::kLoops);
#endif
  return usable;
}

}  // namespace bilevel::cpu
