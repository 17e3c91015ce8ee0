#pragma once

#include "cpu/kernels.h"

namespace bilevel::cpu {

KernelPointer make_max_pool(const Pool& pool, int threads);
// Averages or their gradient.
KernelPointer make_average_pool(const Pool& pool, int threads);

}  // namespace bilevel::cpu
