#pragma once

#include "cpu/kernel/kernel.h"
#include "program/program.h"

namespace bilevel::cpu {

KernelPointer make_warp_affine(const WarpAffine& warp, int threads);

}  // namespace bilevel::cpu
