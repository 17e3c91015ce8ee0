// One maker per kind of instruction; make_kernel chooses.
#pragma once

#include "cpu/kernel.h"

namespace bilevel::cpu {

using KernelPointer = std::unique_ptr<Kernel>;

KernelPointer make_fused(const Program& program, const Fused& fused, int threads);
KernelPointer make_matmul(const Matmul& matmul, Settings settings);
KernelPointer make_conv(const Conv& conv, Settings settings);
KernelPointer make_pool(const Pool& pool, int threads);
KernelPointer make_gather(const Program& program, const Gather& gather, int threads);
KernelPointer make_scatter_add(const Program& program, const ScatterAdd& scatter, int threads);
KernelPointer make_gather_elements(const Program& program, const GatherElements& gather, int threads);
KernelPointer make_scatter_add_elements(const Program& program, const ScatterAddElements& scatter, int threads);
KernelPointer make_set_rows(const Program& program, const SetRows& rows, int threads);
KernelPointer make_arg_max(const ArgMax& arg_max, int threads);
KernelPointer make_random_uniform(const RandomUniform& random, int threads);

}  // namespace bilevel::cpu
