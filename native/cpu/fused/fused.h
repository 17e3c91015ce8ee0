#pragma once

#include "cpu/kernel/kernel.h"
#include "program/program.h"

namespace bilevel::cpu {

// A pass over an iteration space: elementwise work, with its reductions.
KernelPointer make_fused(const Program& program, const Fused& fused, int threads);

}  // namespace bilevel::cpu
