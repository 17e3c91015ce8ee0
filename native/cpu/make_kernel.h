#pragma once

#include "cpu/kernel/kernel.h"
#include "cpu/kernel/settings.h"
#include "program/program.h"

namespace bilevel::cpu {

// Makes the kernel of one instruction, with every primitive that it will need, for a device with these settings.
KernelPointer make_kernel(const Program& program, const Operation& operation, Settings settings);

}  // namespace bilevel::cpu
