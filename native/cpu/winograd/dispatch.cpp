#include "cpu/isa.h"
#include "cpu/winograd/loops.h"

namespace bilevel::cpu::winograd {

BILEVEL_DEFINE_TABLES(supported_loops, Loops, kLoops)

}  // namespace bilevel::cpu::winograd
