// Which builds of the loops in *.isa.cpp sources this processor can use, found out when the process starts.
#include <span>
#include <vector>

#include "cpu/conv/direct/direct_loops.h"
#include "cpu/conv/tiled/tile_loops.h"
#include "cpu/matmul/product_loops.h"
#include "cpu/pool/pool_loops.h"
#include "cpu/sparse/sparse_loops.h"
#include "cpu/vector/vector_loops.h"
#include "cpu/warp/warp_loops.h"

namespace bilevel::cpu {

// Defines `function`, whose result are the tables `name` of the builds that this processor can use, best first. Every
// build defines its own in the namespace of its instruction set.
#if defined(BILEVEL_HAS_X86_ISAS)
#define BILEVEL_DEFINE_TABLES(function, Table, name)                                           \
  namespace baseline {                                                                         \
  extern const Table name;                                                                     \
  }                                                                                            \
  namespace avx2 {                                                                             \
  extern const Table name;                                                                     \
  }                                                                                            \
  namespace avx512 {                                                                           \
  extern const Table name;                                                                     \
  }                                                                                            \
  std::span<const Table* const> function() {                                                   \
    static const std::vector usable = usable_tables(baseline::name, avx2::name, avx512::name); \
    return usable;                                                                             \
  }
#else
#define BILEVEL_DEFINE_TABLES(function, Table, name)                   \
  namespace baseline {                                                 \
  extern const Table name;                                             \
  }                                                                    \
  std::span<const Table* const> function() {                           \
    static const std::vector<const Table*> usable = {&baseline::name}; \
    return usable;                                                     \
  }
#endif

#if defined(BILEVEL_HAS_X86_ISAS)
template <typename Table>
std::vector<const Table*> usable_tables(const Table& baseline, const Table& avx2, const Table& avx512) {
  std::vector<const Table*> usable;
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl")) {
    usable.push_back(&avx512);
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) usable.push_back(&avx2);
  usable.push_back(&baseline);
  return usable;
}
#endif

BILEVEL_DEFINE_TABLES(supported_vector_loops, VectorLoops, kLoops)
BILEVEL_DEFINE_TABLES(supported_product_loops, ProductLoops, kProductLoops)
BILEVEL_DEFINE_TABLES(supported_pool_loops, PoolLoops, kPoolLoops)
BILEVEL_DEFINE_TABLES(supported_warp_loops, WarpLoops, kWarpLoops)
BILEVEL_DEFINE_TABLES(supported_sparse_loops, SparseLoops, kSparseLoops)

namespace direct {
BILEVEL_DEFINE_TABLES(supported_loops, Loops, kLoops)
}

namespace tiled {
BILEVEL_DEFINE_TABLES(supported_winograd, Loops, kWinograd)
BILEVEL_DEFINE_TABLES(supported_fourier, Loops, kFourier)
}  // namespace tiled

}  // namespace bilevel::cpu
