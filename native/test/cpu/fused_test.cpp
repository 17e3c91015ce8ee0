// The fused kernel against an interpreter that walks the iteration space element by element.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "program/tape.h"
#include "test/cpu/workbench.h"
#include "test/support/fused_interpreter.h"
#include "test/support/fused_maker.h"
#include "test/support/test.h"

namespace bilevel::test {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

void run_and_check(Workbench& bench, const Fused& fused, int threads, const std::string& what) {
  const Expected expected = interpret(bench, fused);
  bench.run(fused, threads);
  for (size_t b = 0; b < expected.buffers.size(); ++b) {
    const std::vector<double> actual = bench.values(static_cast<int32_t>(b));
    for (size_t i = 0; i < actual.size(); ++i) {
      const double a = actual[i], e = expected.buffers[b][i];
      const bool close =
          a == e || (std::isnan(a) && std::isnan(e)) || std::abs(a - e) <= 1.2e-7 * expected.scales[b][i];
      CHECK(close, what, "buffer", b, "element", i, "is", a, "expected", e);
    }
  }
}

TEST(fused_instructions_agree_with_the_interpreter) {
  for (uint32_t seed = 0; seed < 1500; ++seed) {
    Random random(seed);
    Workbench bench;
    const int64_t rank = random.integer(0, 4);
    std::vector<int64_t> sizes;
    for (int64_t d = 0; d < rank; ++d) sizes.push_back(random.pick<int64_t>({1, 2, 3, 5, 8, 17}));
    if (rank > 0 && random.chance(0.05)) sizes[static_cast<size_t>(random.integer(0, rank - 1))] = 0;
    if (rank > 0 && random.chance(0.15))
      sizes[static_cast<size_t>(random.integer(0, rank - 1))] = random.pick<int64_t>({300, 1031, 2500});
    const auto outer = static_cast<int32_t>(random.integer(0, rank));
    const int32_t reduced = random.chance(0.5) ? 0 : static_cast<int32_t>(random.integer(0, rank - outer));
    const Fused fused = FusedMaker(bench, random).make(sizes, outer, reduced);
    run_and_check(bench, fused, random.chance(0.5) ? 1 : 2, "seed " + std::to_string(seed));
  }
}

TEST(large_fused_instructions_are_shared_by_threads) {
  struct Space {
    std::vector<int64_t> sizes;
    int32_t outer, reduced;
  };
  // Maps; sums over rows, columns, everything, and the middle.
  const std::vector<Space> spaces = {{{700, 301}, 2, 0},   {{900, 203}, 1, 1},    {{20011, 10}, 0, 1},
                                     {{120, 2500}, 0, 1},  {{200003}, 0, 1},      {{16, 6, 30, 30}, 1, 1},
                                     {{3, 90, 700}, 1, 1}, {{3, 50, 1400}, 1, 2}, {{5000, 2, 20}, 2, 1}};
  for (uint32_t seed = 0; seed < 54; ++seed) {
    Random random(seed + 100);
    Workbench bench;
    const Space& space = spaces[seed % spaces.size()];
    const Fused fused = FusedMaker(bench, random).make(space.sizes, space.outer, space.reduced);
    run_and_check(bench, fused, 2, "seed " + std::to_string(seed));
  }
}

TEST(transposed_views_of_every_dtype) {
  Random random(7);
  for (const int64_t rows : {5, 17, 32, 600}) {
    for (const int64_t columns : {40, 512, 1024}) {
      // Operands along rows and columns of a stack of two matrices; outputs of both kinds.
      const std::vector<int64_t> along_rows = {rows * columns, columns, 1}, along_columns = {rows * columns, 1, rows};
      const int64_t count = 2 * rows * columns;
      Workbench bench;
      Fused fused{3, 0, {2, rows, columns}, {}, {}, {}};
      fused.operands.push_back({bench.add(DType::kFloat32, random.reals(count)), 0, along_rows});
      fused.operands.push_back({bench.add(DType::kFloat32, random.reals(count)), 0, along_columns});
      fused.operands.push_back({bench.add(DType::kBool, random.integers(count, 0, 1)), 0, along_columns});
      fused.operands.push_back({bench.add(DType::kInt32, random.integers(count, -9, 9)), 0, along_columns});
      fused.tape = {{TapeOp::kSub, 4, 0, 1, 0, 0}, {TapeOp::kWhere, 5, 2, 4, 1, 0}};
      fused.outputs.push_back({OutputMode::kStore, 5, {bench.add_result(DType::kFloat32, count), 0, along_rows}});
      fused.outputs.push_back({OutputMode::kStore, 4, {bench.add_result(DType::kFloat32, count), 0, along_columns}});
      fused.outputs.push_back({OutputMode::kStore, 3, {bench.add_result(DType::kInt64, count), 0, along_rows}});
      fused.outputs.push_back({OutputMode::kStore, 2, {bench.add_result(DType::kBool, count), 0, along_rows}});
      run_and_check(bench, fused, 2, std::to_string(rows) + " x " + std::to_string(columns));
    }
  }
}

std::vector<double> tricky_floats() {
  std::vector<double> values = {0,    -0.0,      1,          -1,   0.5,    -0.5,  1.5,  2.5, -2.5,
                                3e38, -3e38,     1e-40,      88.9, -104.5, 100,   -100, 10,  1e19,
                                9e18, kInfinity, -kInfinity, kNaN, 4.75,   -1e19, 0.3,  7e-3};
  for (double& value : values) value = static_cast<double>(static_cast<float>(value));
  return values;
}

// Every operation on every pair of tricky values.
void check_operation(TapeOp op, DType dtype, const std::vector<double>& values) {
  const auto n = static_cast<int64_t>(values.size());
  Workbench bench;
  const int32_t x = bench.add(dtype, values),
                condition = bench.add(DType::kBool, std::vector<double>(values.size(), 1));
  const RegisterClass result = result_class(op, class_of(dtype));
  const int32_t y = bench.add_result(result == RegisterClass::kInteger ? DType::kInt64 : DType::kFloat32, n * n);
  Fused fused{2, 0, {n, n}, {{x, 0, {1, 0}}, {x, 0, {0, 1}}, {condition, 0, {1, 0}}}, {{op, 3, 0, 0, 0, 0}}, {}};
  if (row_of(op).operands == 2) fused.tape[0].b = 1;
  if (op == TapeOp::kWhere) fused.tape[0] = {op, 3, 2, 0, 1, 0};
  fused.outputs = {{OutputMode::kStore, 3, {y, 0, {n, 1}}}};
  const std::vector<double> expected = interpret(bench, fused).buffers[static_cast<size_t>(y)];
  bench.run(fused);
  const std::vector<double> actual = bench.values(y);
  for (size_t i = 0; i < actual.size(); ++i) {
    const double a = actual[i], e = expected[i];
    const bool same = a == e || (std::isnan(a) && std::isnan(e)) ||
                      std::abs(a - e) <= 4.5 * std::max(std::abs(e) * 0x1p-24, 0x1p-150);
    CHECK(same, kTapeOpNames[static_cast<size_t>(op)], values[i / values.size()], values[i % values.size()], "is", a,
          "expected", e);
  }
}

TEST(every_tape_operation_on_floats) {
  for (size_t op = 1; op < kTapeOpNames.size(); ++op) {
    const auto code = static_cast<TapeOp>(op);
    const bool logical = code == TapeOp::kNot || code == TapeOp::kAnd || code == TapeOp::kOr;
    check_operation(code, DType::kFloat32, logical ? std::vector<double>{0, 1} : tricky_floats());
  }
}

TEST(every_tape_operation_on_integers) {
  const std::vector<double> values = {
      0, 1, -1, 2, 7, -7, 4611686018427387904.0, -4611686018427387904.0, -9223372036854775808.0, 1000003};
  for (const TapeRow& row : kTape) {
    if (row.takes == TapeRow::kAny) check_operation(row.op, DType::kInt64, values);
  }
}

float calculated(TapeOp op, float a, float b) {
  switch (op) {
    case TapeOp::kAdd:
      return a + b;
    case TapeOp::kSub:
      return a - b;
    case TapeOp::kMul:
      return a * b;
    default:
      return a / b;
  }
}

TEST(two_arithmetic_operations_round_twice_in_whichever_order) {
  constexpr size_t kCount = 1000;
  const std::array operations = {TapeOp::kAdd, TapeOp::kSub, TapeOp::kMul, TapeOp::kDiv};
  Random random(9);
  const std::vector<double> x = random.reals(kCount), y = random.reals(kCount), z = random.reals(kCount);
  for (const TapeOp first : operations) {
    for (const TapeOp second : operations) {
      for (const bool behind : {false, true}) {
        Workbench bench;
        Fused fused{1, 0, {kCount}, {}, {}, {}};
        for (const auto* values : {&x, &y, &z}) fused.operands.push_back({bench.add(DType::kFloat32, *values), 0, {1}});
        fused.tape = {{first, 3, 0, 1, 0, 0}, {second, 4, behind ? 2 : 3, behind ? 3 : 2, 0, 0}};
        fused.outputs = {{OutputMode::kStore, 4, {bench.add_result(DType::kFloat32, kCount), 0, {1}}}};
        bench.run(fused);
        const std::vector<double> actual = bench.values(3);
        for (size_t i = 0; i < kCount; ++i) {
          const float inner = calculated(first, static_cast<float>(x[i]), static_cast<float>(y[i]));
          const auto other = static_cast<float>(z[i]);
          const float expected = behind ? calculated(second, other, inner) : calculated(second, inner, other);
          CHECK(actual[i] == static_cast<double>(expected), kTapeOpNames[static_cast<size_t>(first)],
                kTapeOpNames[static_cast<size_t>(second)], behind, "is", actual[i], "not", expected);
        }
      }
    }
  }
}

TEST(max_propagates_nan_in_every_position) {
  for (const bool inner : {false, true}) {
    for (int64_t position = 0; position < 37; ++position) {
      Workbench bench;
      std::vector<double> values(37, 3);
      values[static_cast<size_t>(position)] = kNaN;
      // As a segment, and as 37 rows of one column beside others.
      std::vector<double> matrix;
      for (const double value : values) matrix.insert(matrix.end(), {value, 1, -kInfinity});
      const int32_t x = bench.add(DType::kFloat32, inner ? matrix : values),
                    y = bench.add_result(DType::kFloat32, inner ? 3 : 1);
      if (inner) {
        bench.run(Fused{0, 1, {37, 3}, {{x, 0, {3, 1}}}, {}, {{OutputMode::kMax, 0, {y, 0, {0, 1}}}}});
        check_close(bench.values(y), {kNaN, 1, -kInfinity}, 0, 1, "max");
      } else {
        bench.run(Fused{0, 1, {37}, {{x, 0, {1}}}, {}, {{OutputMode::kMax, 0, {y, 0, {0}}}}});
        check_close(bench.values(y), {kNaN}, 0, 1, "max");
      }
    }
  }
}

TEST(outputs_may_swap_their_operands) {
  Workbench bench;
  Random random(5);
  const std::vector<double> a = random.reals(5000), b = random.reals(5000);
  const int32_t x = bench.add(DType::kFloat32, a), y = bench.add(DType::kFloat32, b);
  const View left{x, 0, {1}}, right{y, 0, {1}};
  bench.run(Fused{1, 0, {5000}, {left, right}, {}, {{OutputMode::kStore, 1, left}, {OutputMode::kStore, 0, right}}});
  CHECK(bench.values(x) == b);
  CHECK(bench.values(y) == a);
}

TEST(sums_are_accurate_and_the_same_in_every_run) {
  constexpr int64_t kCount = 1'000'000;
  Random random(6);
  for (const int64_t columns : {1, 10, 1000}) {
    Workbench bench;
    const std::vector<double> values = random.reals(kCount, 0, 1);
    const int64_t rows = kCount / columns;
    std::vector<double> exact(static_cast<size_t>(columns));
    for (size_t i = 0; i < values.size(); ++i) exact[i % exact.size()] += values[i];
    const int32_t x = bench.add(DType::kFloat32, values);
    const int32_t first = bench.add_result(DType::kFloat32, columns),
                  second = bench.add_result(DType::kFloat32, columns);
    for (const int threads : {1, 2}) {
      const auto sum_into = [&](int32_t y) {
        bench.run(Fused{0, 1, {rows, columns}, {{x, 0, {columns, 1}}}, {}, {{OutputMode::kSum, 0, {y, 0, {0, 1}}}}},
                  threads);
      };
      sum_into(first);
      sum_into(second);
      check_close(bench.values(first), exact, 1e-7, exact[0], "sum");
      CHECK(bench.bytes(first) == bench.bytes(second));
    }
  }
}

}  // namespace
}  // namespace bilevel::test
