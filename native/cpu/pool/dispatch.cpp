#include "cpu/isa.h"
#include "cpu/pool/loops.h"

namespace bilevel::cpu {

BILEVEL_DEFINE_TABLES(supported_pool_loops, PoolLoops, kPoolLoops)

}  // namespace bilevel::cpu
