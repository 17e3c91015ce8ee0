// One function for each kind of operation.
#pragma once

#include <vector>

#include "cuda/codegen/kernel.h"
#include "cuda/codegen/target.h"
#include "program/program.h"

namespace bilevel::cuda {

std::vector<Kernel> generate_fused(const Program& program, const Fused& fused);
std::vector<Kernel> generate_matmul(const Program& program, const Matmul& matmul, const Target& target);
std::vector<Kernel> generate_conv(const Program& program, const Conv& conv, const Target& target);
std::vector<Kernel> generate_pool(const Program& program, const Pool& pool);
std::vector<Kernel> generate_gather(const Program& program, const Gather& gather);
std::vector<Kernel> generate_gather_elements(const Program& program, const GatherElements& gather);
std::vector<Kernel> generate_set_rows(const Program& program, const SetRows& rows);
std::vector<Kernel> generate_scatter_add(const Program& program, const ScatterAdd& scatter);
std::vector<Kernel> generate_scatter_add_elements(const Program& program, const ScatterAddElements& scatter);
std::vector<Kernel> generate_arg_max(const Program& program, const ArgMax& arg_max);
std::vector<Kernel> generate_random_uniform(const Program& program, const RandomUniform& random);
std::vector<Kernel> generate_warp_affine(const Program& program, const WarpAffine& warp);
std::vector<Kernel> generate_sparse_matmul(const Program& program, const SparseMatmul& product);
std::vector<Kernel> generate_sampled_matmul(const Program& program, const SampledMatmul& product);
std::vector<Kernel> generate_all_reduce(const Program& program, const AllReduce& sum);

}  // namespace bilevel::cuda
