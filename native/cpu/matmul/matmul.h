#pragma once

#include "cpu/kernel/kernel.h"
#include "cpu/kernel/settings.h"
#include "program/program.h"

namespace bilevel::cpu {

KernelPointer make_matmul(const Matmul& matmul, Settings settings);

}  // namespace bilevel::cpu
