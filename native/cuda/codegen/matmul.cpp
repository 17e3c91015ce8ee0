#include <algorithm>
#include <utility>

#include "cuda/codegen/blocked_product.h"
#include "cuda/codegen/kernel_text.h"
#include "cuda/codegen/operations.h"

namespace bilevel::cuda {
namespace {

// Of a matrix whose rows have so many elements, one behind the other from `offset` on.
int64_t neighbours(int64_t offset, int64_t row) { return offset % 4 == 0 && row % 4 == 0 ? 4 : 1; }

}  // namespace

// With nothing to add up, k = 0, the tiles are zeros.
std::vector<Kernel> generate_matmul(const Program& program, const Matmul& matmul, const Target& target) {
  const auto& [batch, m, n, k, transpose_a, transpose_b, a, offset_a, b, offset_b, c, offset_c] = matmul;
  if (batch * m * n == 0) return {};
  const ProductShape shape{batch, m, n, k};
  const std::optional<Tiling> tiling = choose_tiling(shape, target.tiling);
  KernelText text(tiling ? "blocked_product.cuh" : "matmul.cuh");
  text.operand(program, "a", a, offset_a);
  text.operand(program, "b", b, offset_b);
  text.result(program, "c", c, offset_c);
  text.size("kRowOfA", transpose_a ? 1 : k);
  text.size("kStepOfA", transpose_a ? m : 1);
  text.size("kColumnOfB", transpose_b ? k : 1);
  text.size("kStepOfB", transpose_b ? 1 : n);
  if (tiling) {
    text.size("kNeighboursOfA", neighbours(offset_a, transpose_a ? m : k));
    text.size("kNeighboursOfB", neighbours(offset_b, transpose_b ? k : n));
    text.size("kNeighboursOfC", neighbours(offset_c, n));
    return {call_blocked_product(std::move(text), "blocked_matmul", shape, *tiling, target.precision,
                                 batch * std::max({m * k, k * n, m * n}))};
  }
  constexpr int64_t kTile = 32;
  const int64_t row_tiles = ceil_divide(m, kTile), column_tiles = ceil_divide(n, kTile);
  text.size("kRows", m);
  text.size("kColumns", n);
  text.size("kDepth", k);
  text.size("kRowTiles", row_tiles);
  text.size("kColumnTiles", column_tiles);
  return {text.call_blocks("matmul", batch * row_tiles * column_tiles)};
}

}  // namespace bilevel::cuda
