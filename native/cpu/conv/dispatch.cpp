#include "cpu/conv/loops.h"
#include "cpu/isa.h"

namespace bilevel::cpu {

BILEVEL_DEFINE_TABLES(supported_conv_loops, ConvLoops, kConvLoops)

}  // namespace bilevel::cpu
