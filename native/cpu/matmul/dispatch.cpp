#include "cpu/isa.h"
#include "cpu/matmul/loops.h"

namespace bilevel::cpu {

BILEVEL_DEFINE_TABLES(supported_product_loops, ProductLoops, kProductLoops)

}  // namespace bilevel::cpu
