#pragma once

#include "cpu/kernel/kernel.h"
#include "cpu/kernel/settings.h"
#include "program/program.h"

namespace bilevel::cpu {

// A convolution or one of its gradients.
KernelPointer make_conv(const Conv& conv, Settings settings);

}  // namespace bilevel::cpu
