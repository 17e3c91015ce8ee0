#include "test/support/program_samples.h"

namespace bilevel::test {
namespace {

constexpr auto kF = DType::kFloat32;

// y[i] = tanh(x[i]) * c + key-dependent noise; total = sum of rows; updated += y.
Encoder fused_program() {
  Encoder program;
  const int32_t x = program.bound(program.binding(kF, 6, Access::kRead, true));
  const int32_t y = program.bound(program.binding(kF, 6, Access::kWrite, true));
  const int32_t state = program.bound(program.binding(kF, 6, Access::kReadWrite));
  const int32_t total = program.bound(program.binding(kF, 2, Access::kWrite));
  const int32_t key = program.bound(program.binding(DType::kInt32, 2, Access::kRead));
  const int32_t c = program.constant({2});
  const int32_t noise = program.arena(kF, 6);
  program.prologue(Opcode::kRandomUniform, {6, double(key), double(noise)});
  program.body(Opcode::kFused, {1,
                                1,
                                0,
                                6,  //
                                3,
                                double(x),
                                0,
                                1,
                                double(c),
                                0,
                                0,
                                double(noise),
                                0,
                                1,  //
                                3,
                                double(TapeOp::kTanh),
                                3,
                                0,
                                0,
                                0,
                                0,  //
                                double(TapeOp::kMul),
                                3,
                                3,
                                1,
                                0,
                                0,  //
                                double(TapeOp::kAdd),
                                4,
                                3,
                                2,
                                0,
                                0,  //
                                2,
                                0,
                                4,
                                double(y),
                                0,
                                1,
                                0,
                                3,
                                double(noise),
                                0,
                                1});
  program.body(Opcode::kFused, {2, 1, 1, 2, 3, 1, double(x), 0, 3, 1, 0, 1, 1, 0, double(total), 0, 1, 0});
  program.body(Opcode::kFused, elementwise(6, TapeOp::kAdd, {state, x}, state));
  return program;
}

Encoder tape_program() {
  Encoder program;
  const int32_t i = program.bound(program.binding(DType::kInt32, 4, Access::kRead));
  const int32_t l = program.bound(program.binding(DType::kInt64, 4, Access::kReadWrite));
  const int32_t b = program.bound(program.binding(DType::kBool, 4, Access::kWrite));
  const int32_t m = program.bound(program.binding(kF, 1, Access::kWrite));
  program.body(Opcode::kFused, {1,
                                1,
                                0,
                                4,
                                2,
                                double(i),
                                0,
                                -0.0,
                                double(l),
                                3,
                                -1,  //
                                6,
                                double(TapeOp::kDiv),
                                2,
                                1,
                                0,
                                0,
                                0,  //
                                double(TapeOp::kLess),
                                3,
                                0,
                                1,
                                0,
                                0,  //
                                double(TapeOp::kWhere),
                                4,
                                3,
                                2,
                                1,
                                0,  //
                                double(TapeOp::kConstant),
                                5,
                                0,
                                0,
                                0,
                                2.5,  //
                                double(TapeOp::kToInteger),
                                6,
                                5,
                                0,
                                0,
                                0,  //
                                double(TapeOp::kMaximum),
                                6,
                                6,
                                4,
                                0,
                                0,  //
                                2,
                                0,
                                6,
                                double(l),
                                3,
                                -1,
                                0,
                                3,
                                double(b),
                                0,
                                1});
  program.body(Opcode::kFused, {1, 0, 1, 4,         1, double(i), 0, 1, 1, double(TapeOp::kToFloat), 1, 0, 0, 0, 0,  //
                                1, 2, 1, double(m), 0, 0});
  return program;
}

Encoder spatial_program() {
  Encoder program;
  const int32_t x = program.bound(program.binding(kF, 2 * 2 * 4 * 5, Access::kRead));
  const int32_t w = program.bound(program.binding(kF, 4 * 1 * 3 * 2, Access::kReadWrite));
  const int32_t indices = program.bound(program.binding(DType::kInt32, 2 * 4 * 2 * 3, Access::kWrite));
  const int32_t scale = program.bound(program.binding(kF, 2 * 4, Access::kRead));
  // 4 x 5 through a 3 x 2 kernel, strides 1 and 2, padding 1 low: 3 x 3.
  const int32_t y = program.arena(kF, 2 * 4 * 3 * 3);
  const int32_t dx = program.arena(kF, 2 * 2 * 4 * 5);
  const int32_t mean = program.arena(kF, 2 * 4 * 2 * 2), spread = program.arena(kF, 2 * 4 * 3 * 3);
  const std::vector<double> conv = {2, 2, 2, 4, 2, 4, 5, 3, 2, 3, 3, 1, 2, 1, 1, 1, 1, 0, 0};
  const auto with = [](std::vector<double> words, std::initializer_list<int32_t> buffers) {
    for (const int32_t buffer : buffers) words.push_back(buffer);
    return words;
  };
  program.body(Opcode::kConv, with(conv, {x, w, y}));
  program.body(Opcode::kConvInputGradient, with(conv, {dx, w, y}));
  program.body(Opcode::kConvFilterGradient, with(conv, {dx, w, y}));
  const std::vector<double> largest = {2, 8, 3, 3, 2, 2, 2, 3, 1, 1, 1, 1, 0, 1, 0, 0};
  const int32_t maxima = program.arena(kF, 2 * 4 * 2 * 3);
  std::vector<double> plain = largest, scaled = largest;
  plain.push_back(0);
  scaled.push_back(1);
  program.body(Opcode::kMaxPool, with(plain, {y, indices, maxima}));
  program.body(Opcode::kMaxPool, with(scaled, {y, scale, indices, maxima}));
  const std::vector<double> pool = {2, 8, 3, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 0, 0, 1};
  program.body(Opcode::kAveragePool, with(pool, {y, mean}));
  program.body(Opcode::kAveragePoolGradient, with(pool, {spread, mean}));
  const int32_t table = program.constant({1, 0, 0.5, 0, -1, 4, 0.8f, -0.6f, 1, 0.6f, 0.8f, -1});
  const int32_t warped = program.arena(kF, 2 * 2 * 3 * 6), back = program.arena(kF, 2 * 2 * 4 * 5);
  program.body(Opcode::kWarpAffine, with({2, 2, 4, 5, 3, 6}, {x, table, warped}));
  program.body(Opcode::kWarpAffineGradient, with({2, 2, 4, 5, 3, 6}, {back, table, warped}));
  return program;
}

Encoder indexing_program() {
  Encoder program;
  const int32_t x = program.bound(program.binding(kF, 5 * 3, Access::kReadWrite));
  const int32_t rows = program.bound(program.binding(DType::kInt64, 4, Access::kRead, true));
  const int32_t columns = program.bound(program.binding(DType::kInt32, 4 * 2, Access::kRead));
  const int32_t best = program.bound(program.binding(DType::kInt64, 4, Access::kWrite, true));
  const int32_t product = program.bound(program.binding(kF, 4 * 4, Access::kWrite));
  const int32_t batch = program.arena(kF, 4 * 3), part = program.arena(kF, 4 * 2);
  const int32_t sum = program.arena(kF, 5 * 3), wide = program.arena(kF, 4 * 3);
  program.body(Opcode::kGather, {1, 5, 3, 4, double(x), double(rows), double(batch)});
  program.body(Opcode::kGatherElements, {4, 3, 2, double(batch), double(columns), double(part)});
  program.body(Opcode::kScatterAddElements, {4, 3, 2, double(part), double(columns), double(wide)});
  program.body(Opcode::kScatterAdd, {1, 5, 3, 4, double(wide), double(rows), double(sum)});
  program.body(Opcode::kArgMax, {4, 3, 1, double(wide), double(best)});
  program.body(Opcode::kMatmul, {1, 4, 4, 3, 0, 1, double(batch), 0, double(wide), 0, double(product), 0});
  program.body(Opcode::kSetRows, {5, 3, 4, double(x), double(rows), double(batch), double(x)});
  return program;
}

// Two products [3, 4] x [4, 2] with rows among six entries; the rows share some.
Encoder sparse_program() {
  Encoder program;
  const int32_t values = program.bound(program.binding(kF, 6, Access::kReadWrite));
  const int32_t indices = program.bound(program.binding(DType::kInt32, 6, Access::kRead));
  const int32_t extents = program.bound(program.binding(DType::kInt32, 2 * 3 * 2, Access::kRead, true));
  const int32_t x = program.bound(program.binding(kF, 2 * 4 * 2, Access::kReadWrite));
  const int32_t y = program.bound(program.binding(kF, 2 * 3 * 2, Access::kReadWrite, true));
  const int32_t dx = program.arena(kF, 2 * 4 * 2), dvalues = program.arena(kF, 6);
  const std::vector<double> sizes = {2, 3, 4, 2, 6};
  const auto with = [&](std::initializer_list<int32_t> words) {
    std::vector<double> all = sizes;
    all.insert(all.end(), words.begin(), words.end());
    return all;
  };
  program.body(Opcode::kSparseMatmul, with({0, values, indices, extents, x, y}));
  program.body(Opcode::kSampledMatmul, with({indices, extents, y, x, dvalues}));
  program.body(Opcode::kSparseMatmul, with({1, dvalues, indices, extents, y, dx}));
  program.body(Opcode::kFused, elementwise(6, TapeOp::kAdd, {values, dvalues}, values));
  program.body(Opcode::kFused, elementwise(16, TapeOp::kSub, {x, dx}, x));
  return program;
}

Encoder ranks_program() {
  Encoder program;
  const int32_t x = program.bound(program.binding(kF, 6, Access::kRead, true));
  const int32_t y = program.bound(program.binding(kF, 6, Access::kWrite));
  program.body(Opcode::kAllReduce, {6, double(x), double(y)});
  return program;
}

}  // namespace

std::vector<Encoder> sample_programs() {
  return {fused_program(), tape_program(), spatial_program(), indexing_program(), sparse_program(), ranks_program()};
}

}  // namespace bilevel::test
