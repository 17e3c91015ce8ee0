#include "cuda/codegen/kernel_text.h"
#include "cuda/codegen/operations.h"

namespace bilevel::cuda {

std::vector<Kernel> generate_warp_affine(const Program& program, const WarpAffine& warp) {
  const int64_t planes = warp.batch * warp.channels;
  const int64_t threads = warp.transposed ? planes : planes * warp.output[0] * warp.output[1];
  if (threads == 0) return {};
  KernelText text("warp.cuh");
  if (warp.transposed) {
    text.result(program, "x", warp.x);
  } else {
    text.operand(program, "x", warp.x);
  }
  text.operand(program, "table", warp.table);
  if (warp.transposed) {
    text.operand(program, "y", warp.y);
  } else {
    text.result(program, "y", warp.y);
  }
  text.size("kChannels", warp.channels);
  text.size("kHeight", warp.input[0]);
  text.size("kWidth", warp.input[1]);
  text.size("kRows", warp.output[0]);
  text.size("kColumns", warp.output[1]);
  return {text.call_threads(warp.transposed ? "warp_affine_gradient" : "warp_affine", threads)};
}

}  // namespace bilevel::cuda
