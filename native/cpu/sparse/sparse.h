#pragma once

#include "cpu/kernel/kernel.h"
#include "program/program.h"

namespace bilevel::cpu {

KernelPointer make_sparse_matmul(const SparseMatmul& product, int threads);
KernelPointer make_sampled_matmul(const SampledMatmul& product, int threads);

}  // namespace bilevel::cpu
