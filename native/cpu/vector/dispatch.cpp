#include "cpu/isa.h"
#include "cpu/vector/loops.h"

namespace bilevel::cpu {

BILEVEL_DEFINE_TABLES(supported_vector_loops, VectorLoops, kLoops)

}  // namespace bilevel::cpu
