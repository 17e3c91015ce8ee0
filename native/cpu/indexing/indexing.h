#pragma once

#include "cpu/kernel/kernel.h"
#include "program/program.h"

namespace bilevel::cpu {

KernelPointer make_gather(const Program& program, const Gather& gather, int threads);
KernelPointer make_scatter_add(const Program& program, const ScatterAdd& scatter, int threads);
KernelPointer make_gather_elements(const Program& program, const GatherElements& gather, int threads);
KernelPointer make_scatter_add_elements(const Program& program, const ScatterAddElements& scatter, int threads);
KernelPointer make_set_rows(const Program& program, const SetRows& rows, int threads);
KernelPointer make_arg_max(const ArgMax& arg_max, int threads);

}  // namespace bilevel::cpu
