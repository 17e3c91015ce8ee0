#include "cpu/isa.h"
#include "cpu/tiled/loops.h"

namespace bilevel::cpu::tiled {

BILEVEL_DEFINE_TABLES(supported_winograd, Loops, kWinograd)
BILEVEL_DEFINE_TABLES(supported_fourier, Loops, kFourier)

}  // namespace bilevel::cpu::tiled
