#include <vector>

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

namespace {

std::vector<const VectorLoops*> find_supported() {
  std::vector<const VectorLoops*> supported;
#if defined(BILEVEL_HAS_X86_ISAS)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl")) {
    supported.push_back(&avx512::kLoops);
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) supported.push_back(&avx2::kLoops);
#endif
  supported.push_back(&baseline::kLoops);
  return supported;
}

}  // namespace

std::span<const VectorLoops* const> supported_vector_loops() {
  static const std::vector<const VectorLoops*> supported = find_supported();
  return supported;
}

}  // namespace bilevel::cpu
