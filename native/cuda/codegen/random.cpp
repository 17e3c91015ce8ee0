#include "cuda/codegen/kernel_text.h"
#include "cuda/codegen/operations.h"

namespace bilevel::cuda {

std::vector<Kernel> generate_random_uniform(const Program& program, const RandomUniform& random) {
  if (random.count == 0) return {};
  KernelText text("random.cuh");
  text.operand(program, "key", random.key);
  text.result(program, "y", random.y);
  text.size("kCount", random.count);
  return {text.call_threads("random_uniform", ceil_divide(random.count, 4))};
}

}  // namespace bilevel::cuda
