#include "fuzz/work.h"

#include <initializer_list>
#include <span>

namespace bilevel::fuzz {
namespace {

double product(std::span<const int64_t> sizes) {
  double result = 1;
  for (const int64_t size : sizes) result *= static_cast<double>(size);
  return result;
}

double product(std::initializer_list<int64_t> sizes) { return product(std::span(sizes.begin(), sizes.size())); }

// Of the first `rank` entries.
double volume(const Spatial& sizes, int32_t rank) { return product(std::span(sizes).first(static_cast<size_t>(rank))); }

struct Work {
  double operator()(const Fused& fused) const {
    return product(fused.sizes) * static_cast<double>(1 + fused.tape.size() + fused.operands.size());
  }
  double operator()(const Matmul& matmul) const { return product({matmul.batch, matmul.m, matmul.n, matmul.k}); }
  double operator()(const Conv& conv) const {
    return product({conv.batch, conv.input_channels, conv.output_channels}) * volume(conv.kernel, conv.spatial_rank) *
           (volume(conv.output, conv.spatial_rank) + volume(conv.input, conv.spatial_rank));
  }
  double operator()(const Pool& pool) const {
    return static_cast<double>(pool.planes) * volume(pool.kernel, pool.spatial_rank) *
           (volume(pool.output, pool.spatial_rank) + volume(pool.input, pool.spatial_rank));
  }
  double operator()(const Gather& gather) const { return product({gather.outer, gather.inner, gather.count}); }
  double operator()(const ScatterAdd& scatter) const {
    return product({scatter.outer, scatter.inner, scatter.count + scatter.size});
  }
  double operator()(const GatherElements& gather) const { return product({gather.rows, gather.count}); }
  double operator()(const ScatterAddElements& scatter) const {
    return product({scatter.rows, scatter.count + scatter.size});
  }
  double operator()(const SetRows& set) const { return product({set.inner, set.count + set.size}); }
  double operator()(const ArgMax& max) const { return product({max.outer, max.size, max.inner}); }
  double operator()(const RandomUniform& random) const { return static_cast<double>(random.count); }
  double operator()(const WarpAffine& warp) const {
    return product({warp.batch, warp.channels}) * (volume(warp.input, 2) + 4 * volume(warp.output, 2));
  }
  // Every row can have all entries.
  double operator()(const SparseMatmul& sparse) const {
    return product({sparse.batch, sparse.rows, sparse.entries + 1, sparse.columns + 1}) +
           product({sparse.batch, sparse.size, sparse.columns});
  }
  double operator()(const SampledMatmul& sampled) const {
    return product({sampled.batch, sampled.rows, sampled.entries + 1, sampled.columns + 1}) +
           static_cast<double>(sampled.entries);
  }
  double operator()(const AllReduce& sum) const { return static_cast<double>(sum.count); }
};

}  // namespace

double work_of(const Program& program) {
  double work = 0;
  for (const auto* instructions : {&program.prologue, &program.body}) {
    for (const Instruction& instruction : *instructions) work += std::visit(Work{}, instruction.operation);
  }
  return work;
}

double bytes_of(const Program& program) {
  auto bytes = static_cast<double>(program.arena_bytes);
  for (const Binding& binding : program.bindings) {
    bytes += product({binding.element_count, kDTypeBytes[static_cast<size_t>(binding.dtype)]});
  }
  return bytes;
}

}  // namespace bilevel::fuzz
