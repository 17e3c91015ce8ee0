#include "cuda/codegen/generate.h"

#include "cuda/codegen/operations.h"

namespace bilevel::cuda {
namespace {

// Does not compile while a kind of operation is missing.
struct Generator {
  const Program& program;
  const Target& target;

  auto operator()(const Fused& i) const { return generate_fused(program, i); }
  auto operator()(const Matmul& i) const { return generate_matmul(program, i, target); }
  auto operator()(const Conv& i) const { return generate_conv(program, i, target); }
  auto operator()(const Pool& i) const { return generate_pool(program, i); }
  auto operator()(const Gather& i) const { return generate_gather(program, i); }
  auto operator()(const ScatterAdd& i) const { return generate_scatter_add(program, i); }
  auto operator()(const GatherElements& i) const { return generate_gather_elements(program, i); }
  auto operator()(const ScatterAddElements& i) const { return generate_scatter_add_elements(program, i); }
  auto operator()(const SetRows& i) const { return generate_set_rows(program, i); }
  auto operator()(const ArgMax& i) const { return generate_arg_max(program, i); }
  auto operator()(const RandomUniform& i) const { return generate_random_uniform(program, i); }
  auto operator()(const WarpAffine& i) const { return generate_warp_affine(program, i); }
  auto operator()(const SparseMatmul& i) const { return generate_sparse_matmul(program, i); }
  auto operator()(const SampledMatmul& i) const { return generate_sampled_matmul(program, i); }
  auto operator()(const AllReduce& i) const { return generate_all_reduce(program, i); }
};

}  // namespace

std::vector<Kernel> generate(const Program& program, const Operation& operation, const Target& target) {
  return std::visit(Generator{program, target}, operation);
}

}  // namespace bilevel::cuda
