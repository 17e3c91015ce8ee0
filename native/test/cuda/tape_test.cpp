// Every operation of the tape has the CPU engine's bits on the device, but for those that each side's library computes.
#include <bit>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "cuda/codegen/generate.h"
#include "program/tape.h"
#include "test/cpu/workbench.h"
#include "test/cuda/emulated_kernels.h"
#include "test/support/test.h"

namespace bilevel::test {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity(), kNaN = std::numeric_limits<double>::quiet_NaN();

// Floats of every exponent and sign, and those at the edges of the functions' pieces.
std::vector<double> floats() {
  std::vector<double> values = {0,         -0.0,       1,    -1,     0.5,    -0.5,  1.5,   2.5, -2.5,
                                3e38,      -3e38,      88.9, -104.5, -87.33, 0.625, 0.92,  4,   1e-40,
                                kInfinity, -kInfinity, kNaN, 1e19,   9e18,   -1e19, 88.72, 9,   0.7071};
  for (uint64_t bits = 0; bits < uint64_t{1} << 32; bits += 20011003) {
    values.push_back(static_cast<double>(std::bit_cast<float>(static_cast<uint32_t>(bits))));
  }
  for (double& value : values) value = static_cast<double>(static_cast<float>(value));
  return values;
}

std::vector<double> values_of(const TapeRow& row, DType dtype) {
  if (dtype == DType::kInt64) {
    return {0, 1, -1, 2, 7, -7, 4611686018427387904.0, -4611686018427387904.0, -9223372036854775808.0, 1000003};
  }
  const bool logical = row.op == TapeOp::kNot || row.op == TapeOp::kAnd || row.op == TapeOp::kOr;
  return logical ? std::vector<double>{0, 1} : floats();
}

struct RowCase {
  const TapeRow* row;
  std::unique_ptr<Workbench> bench;
  Fused fused;
  int32_t result;
};

// Each value with each other one.
RowCase case_of(const TapeRow& row, DType dtype) {
  RowCase made{&row, std::make_unique<Workbench>(), {}, 0};
  Workbench& bench = *made.bench;
  const std::vector<double> values = values_of(row, dtype);
  const auto n = static_cast<int64_t>(values.size());
  const int32_t x = bench.add(dtype, values), condition = bench.add(DType::kBool, {0, 1});
  const DType to = result_class(row.op, class_of(dtype)) == RegisterClass::kFloat ? DType::kFloat32 : DType::kInt64;
  made.result = bench.add_result(to, 2 * n * n);
  made.fused = {3, 0, {2, n, n}, {{x, 0, {0, 1, 0}}, {x, 0, {0, 0, 1}}, {condition, 0, {1, 0, 0}}}, {}, {}};
  made.fused.tape = {row.op == TapeOp::kWhere ? TapeStep{row.op, 3, 2, 0, 1, 0}
                                              : TapeStep{row.op, 3, 0, row.operands == 2 ? 1 : 0, 0, 2.75}};
  made.fused.outputs = {{OutputMode::kStore, 3, {made.result, 0, {n * n, n, 1}}}};
  return made;
}

bool is_the_librarys(TapeOp op) { return op == TapeOp::kSin || op == TapeOp::kCos || op == TapeOp::kPow; }

TEST(operations_of_the_tape_have_the_bits_of_the_cpu_engine) {
  std::vector<RowCase> cases;
  std::vector<std::vector<cuda::Kernel>> kernels;
  for (const TapeRow& row : kTape) {
    cases.push_back(case_of(row, DType::kFloat32));
    if (row.takes == TapeRow::kAny) cases.push_back(case_of(row, DType::kInt64));
  }
  for (const RowCase& each : cases) kernels.push_back(cuda::generate(each.bench->program(), each.fused));
  const EmulatedKernels device(kernels);
  for (size_t i = 0; i < cases.size(); ++i) {
    const auto& [row, bench, fused, result] = cases[i];
    bench->run(fused);
    const std::vector<double> expected = bench->values(result);
    const std::vector<std::byte> expected_bytes = bench->bytes(result);
    bench->GuardedBuffers::run(
        [&](std::byte* const* addresses) { device.run(kernels[i], addresses, emulation::Order::kForward, 1); });
    const std::vector<double> actual = bench->values(result);
    if (bench->bytes(result) == expected_bytes) continue;
    CHECK(bench->program().buffers[static_cast<size_t>(result)].dtype == DType::kFloat32, row->name, "of integers");
    for (size_t e = 0; e < actual.size(); ++e) {
      const double a = actual[e], x = expected[e];
      const bool same = (a == x && std::signbit(a) == std::signbit(x)) || (std::isnan(a) && std::isnan(x));
      const bool close = is_the_librarys(row->op) && std::abs(a - x) <= 4 * 0x1p-24 * std::abs(x) + 0x1p-149;
      CHECK(same || close, row->name, "element", e, "is", a, "on the CPU", x);
    }
  }
}

}  // namespace
}  // namespace bilevel::test
