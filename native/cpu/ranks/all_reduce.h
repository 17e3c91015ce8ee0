#pragma once

#include "cpu/kernel/kernel.h"
#include "cpu/kernel/settings.h"
#include "program/program.h"

namespace bilevel::cpu {

KernelPointer make_all_reduce(const AllReduce& sum, Settings settings);

}  // namespace bilevel::cpu
