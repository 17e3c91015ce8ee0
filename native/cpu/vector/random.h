#pragma once

#include "cpu/kernel/kernel.h"
#include "program/program.h"

namespace bilevel::cpu {

KernelPointer make_random_uniform(const RandomUniform& random, int threads);

}  // namespace bilevel::cpu
