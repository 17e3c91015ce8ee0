#include "cpu/kernel.h"

#include "cpu/kernels.h"

namespace bilevel::cpu {
namespace {

struct Maker {
  const Program& program;
  int threads;

  KernelPointer operator()(const Fused& i) const { return make_fused(program, i, threads); }
  KernelPointer operator()(const Matmul& i) const { return make_matmul(i, threads); }
  KernelPointer operator()(const Conv& i) const { return make_conv(i, threads); }
  KernelPointer operator()(const Pool& i) const { return make_pool(i, threads); }
  KernelPointer operator()(const Gather& i) const { return make_gather(program, i, threads); }
  KernelPointer operator()(const ScatterAdd& i) const { return make_scatter_add(program, i, threads); }
  KernelPointer operator()(const GatherElements& i) const { return make_gather_elements(program, i, threads); }
  KernelPointer operator()(const ScatterAddElements& i) const { return make_scatter_add_elements(program, i, threads); }
  KernelPointer operator()(const SetRows& i) const { return make_set_rows(program, i, threads); }
  KernelPointer operator()(const ArgMax& i) const { return make_arg_max(i, threads); }
  KernelPointer operator()(const RandomUniform& i) const { return make_random_uniform(i, threads); }
};

}  // namespace

KernelPointer make_kernel(const Program& program, const Instruction& instruction, int threads) {
  return std::visit(Maker{program, threads}, instruction);
}

}  // namespace bilevel::cpu
