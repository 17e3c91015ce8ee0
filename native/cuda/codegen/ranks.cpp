#include "cuda/codegen/kernel_text.h"
#include "cuda/codegen/operations.h"

namespace bilevel::cuda {

std::vector<Kernel> generate_all_reduce(const Program& program, const AllReduce& sum) {
  if (sum.count == 0) return {};
  KernelText text("ranks.cuh");
  text.operand(program, "x", sum.x);
  text.result(program, "y", sum.y);
  text.size("kCount", sum.count);
  return {text.call_threads("all_reduce", sum.count)};
}

}  // namespace bilevel::cuda
