#include <vector>

#include "cpu/conv/loops.h"
#include "cpu/isa.h"

namespace bilevel::cpu {

namespace baseline {
extern const ConvLoops kConvLoops;
}
#if defined(BILEVEL_HAS_X86_ISAS)
namespace avx2 {
extern const ConvLoops kConvLoops;
}
namespace avx512 {
extern const ConvLoops kConvLoops;
}
#endif

std::span<const ConvLoops* const> supported_conv_loops() {
#if defined(BILEVEL_HAS_X86_ISAS)
  static const std::vector<const ConvLoops*> usable =
      usable_tables(baseline::kConvLoops, avx2::kConvLoops, avx512::kConvLoops);
#else
  static const std::vector<const ConvLoops*> usable = usable_tables(baseline::kConvLoops);
#endif
  return usable;
}

}  // namespace bilevel::cpu
