#include "cuda/codegen/operations.h"
#include "cuda/codegen/windows.h"

namespace bilevel::cuda {

std::vector<Kernel> generate_pool(const Program& program, const Pool& pool) {
  const int64_t x = pool.planes * cells(pool.spatial_rank, pool.input);
  const int64_t y = pool.planes * cells(pool.spatial_rank, pool.output);
  if ((pool.kind == PoolKind::kAverageGradient ? x : y) == 0) return {};
  KernelText text("pool.cuh");
  axes(text, pool);
  if (pool.kind == PoolKind::kMax) {
    text.operand(program, "x", pool.x);
    if (pool.scale) text.operand(program, "scale", *pool.scale);
    text.result(program, "indices", pool.indices);
    text.result(program, "y", pool.y);
    return {text.call_threads(pool.scale ? "scaled_max_pool" : "max_pool", y)};
  }
  text.size("kCountIncludePad", pool.count_include_pad);
  if (pool.kind == PoolKind::kAverage) {
    text.operand(program, "x", pool.x);
    text.result(program, "y", pool.y);
    return {text.call_threads("average_pool", y)};
  }
  text.result(program, "x", pool.x);
  text.operand(program, "y", pool.y);
  return {text.call_threads("average_pool_gradient", x)};
}

}  // namespace bilevel::cuda
