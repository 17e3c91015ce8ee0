#include "cpu/make_kernel.h"

#include "cpu/conv/conv.h"
#include "cpu/fused/fused.h"
#include "cpu/indexing/indexing.h"
#include "cpu/matmul/matmul.h"
#include "cpu/pool/pool.h"
#include "cpu/ranks/all_reduce.h"
#include "cpu/sparse/sparse.h"
#include "cpu/vector/random.h"
#include "cpu/warp/warp.h"

namespace bilevel::cpu {
namespace {

struct Maker {
  const Program& program;
  Settings settings;

  KernelPointer operator()(const Fused& i) const { return make_fused(program, i, settings.threads); }
  KernelPointer operator()(const Matmul& i) const { return make_matmul(i, settings); }
  KernelPointer operator()(const Conv& i) const { return make_conv(i, settings); }
  KernelPointer operator()(const Pool& i) const { return make_pool(i, settings.threads); }
  KernelPointer operator()(const Gather& i) const { return make_gather(program, i, settings.threads); }
  KernelPointer operator()(const ScatterAdd& i) const { return make_scatter_add(program, i, settings.threads); }
  KernelPointer operator()(const GatherElements& i) const { return make_gather_elements(program, i, settings.threads); }
  KernelPointer operator()(const ScatterAddElements& i) const {
    return make_scatter_add_elements(program, i, settings.threads);
  }
  KernelPointer operator()(const SetRows& i) const { return make_set_rows(program, i, settings.threads); }
  KernelPointer operator()(const ArgMax& i) const { return make_arg_max(i, settings.threads); }
  KernelPointer operator()(const RandomUniform& i) const { return make_random_uniform(i, settings.threads); }
  KernelPointer operator()(const WarpAffine& i) const { return make_warp_affine(i, settings.threads); }
  KernelPointer operator()(const SparseMatmul& i) const { return make_sparse_matmul(i, settings.threads); }
  KernelPointer operator()(const SampledMatmul& i) const { return make_sampled_matmul(i, settings.threads); }
  KernelPointer operator()(const AllReduce& i) const { return make_all_reduce(i, settings); }
};

}  // namespace

KernelPointer make_kernel(const Program& program, const Operation& operation, Settings settings) {
  return std::visit(Maker{program, settings}, operation);
}

}  // namespace bilevel::cpu
