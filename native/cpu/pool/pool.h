#pragma once

#include "cpu/kernel/kernel.h"
#include "program/program.h"

namespace bilevel::cpu {

KernelPointer make_pool(const Pool& pool, int threads);

// The kinds of it, of one plane or more: maxima, and averages or their gradient.
KernelPointer make_max_pool(const Pool& pool, int threads);
KernelPointer make_average_pool(const Pool& pool, int threads);

}  // namespace bilevel::cpu
