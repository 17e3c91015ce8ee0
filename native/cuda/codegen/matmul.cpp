#include "cuda/codegen/kernel_text.h"
#include "cuda/codegen/operations.h"

namespace bilevel::cuda {

// With nothing to add up, k = 0, the tiles are zeros.
std::vector<Kernel> generate_matmul(const Program& program, const Matmul& matmul) {
  const auto& [batch, m, n, k, transpose_a, transpose_b, a, offset_a, b, offset_b, c, offset_c] = matmul;
  if (batch * m * n == 0) return {};
  constexpr int64_t kTile = 32;
  const int64_t row_tiles = ceil_divide(m, kTile), column_tiles = ceil_divide(n, kTile);
  KernelText text("matmul.cuh");
  text.operand(program, "a", a, offset_a);
  text.operand(program, "b", b, offset_b);
  text.result(program, "c", c, offset_c);
  text.size("kRows", m);
  text.size("kColumns", n);
  text.size("kDepth", k);
  text.size("kRowTiles", row_tiles);
  text.size("kColumnTiles", column_tiles);
  text.size("kRowOfA", transpose_a ? 1 : k);
  text.size("kStepOfA", transpose_a ? m : 1);
  text.size("kColumnOfB", transpose_b ? k : 1);
  text.size("kStepOfB", transpose_b ? 1 : n);
  return {text.call_blocks("matmul", batch * row_tiles * column_tiles)};
}

}  // namespace bilevel::cuda
