#include "test/support/fused_interpreter.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "program/tape.h"
#include "test/support/test.h"

namespace bilevel::test {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

struct Register {
  bool is_float = true;
  float f = 0;
  int64_t i = 0;
};

Register of(float value) { return {true, value, 0}; }
Register of(bool value) { return {true, value ? 1.0f : 0.0f, 0}; }
Register of(int64_t value) { return {false, 0, value}; }

int64_t saturate(float x) {
  if (std::isnan(x)) return 0;
  if (x >= 9223372036854775808.0f) return std::numeric_limits<int64_t>::max();
  if (x < -9223372036854775808.0f) return std::numeric_limits<int64_t>::min();
  return static_cast<int64_t>(x);
}

int64_t wrapped(unsigned __int128 x) { return static_cast<int64_t>(static_cast<uint64_t>(x)); }

Register integer_result(TapeOp op, int64_t a, int64_t b) {
  const auto wide = [](int64_t x) { return static_cast<unsigned __int128>(x); };
  switch (op) {
    case TapeOp::kNeg:
      return of(wrapped(0 - wide(a)));
    case TapeOp::kAbs:
      return of(a < 0 ? wrapped(0 - wide(a)) : a);
    case TapeOp::kSign:
      return of(static_cast<int64_t>(a > 0) - static_cast<int64_t>(a < 0));
    case TapeOp::kAdd:
      return of(wrapped(wide(a) + wide(b)));
    case TapeOp::kSub:
      return of(wrapped(wide(a) - wide(b)));
    case TapeOp::kMul:
      return of(wrapped(wide(a) * wide(b)));
    case TapeOp::kDiv:
      return of(b == 0 ? 0 : b == -1 ? wrapped(0 - wide(a)) : a / b);
    case TapeOp::kMaximum:
      return of(std::max(a, b));
    case TapeOp::kMinimum:
      return of(std::min(a, b));
    case TapeOp::kEqual:
      return of(a == b);
    case TapeOp::kNotEqual:
      return of(a != b);
    case TapeOp::kLess:
      return of(a < b);
    case TapeOp::kLessEqual:
      return of(a <= b);
    case TapeOp::kGreater:
      return of(a > b);
    case TapeOp::kGreaterEqual:
      return of(a >= b);
    case TapeOp::kToFloat:
      return of(static_cast<float>(a));
    case TapeOp::kToInteger:
      return of(a);
    case TapeOp::kToBool:
      return of(a != 0);
    default:
      throw Failure("no such operation on integers");
  }
}

Register float_result(TapeOp op, float a, float b) {
  const double x = static_cast<double>(a);
  switch (op) {
    case TapeOp::kNeg:
      return of(-a);
    case TapeOp::kExp:
      return of(static_cast<float>(std::exp(x)));
    case TapeOp::kLog:
      return of(static_cast<float>(std::log(x)));
    case TapeOp::kSqrt:
      return of(std::sqrt(a));
    case TapeOp::kAbs:
      return of(std::abs(a));
    case TapeOp::kSign:
      return of(a > 0 ? 1.0f : a < 0 ? -1.0f : a);
    case TapeOp::kTanh:
      return of(static_cast<float>(std::tanh(x)));
    case TapeOp::kSigmoid:
      return of(static_cast<float>(1 / (1 + std::exp(-x))));
    case TapeOp::kErf:
      return of(static_cast<float>(std::erf(x)));
    case TapeOp::kRelu:
      return of(a < 0 ? 0.0f : a);
    case TapeOp::kSoftplus:
      return of(static_cast<float>((x < 0 ? 0.0 : x) + std::log1p(std::exp(-std::abs(x)))));
    case TapeOp::kSin:
      return of(static_cast<float>(std::sin(x)));
    case TapeOp::kCos:
      return of(static_cast<float>(std::cos(x)));
    case TapeOp::kFloor:
      return of(std::floor(a));
    case TapeOp::kCeil:
      return of(std::ceil(a));
    case TapeOp::kRound:
      return of(std::nearbyint(a));
    case TapeOp::kNot:
      return of(a == 0);
    case TapeOp::kAdd:
      return of(a + b);
    case TapeOp::kSub:
      return of(a - b);
    case TapeOp::kMul:
      return of(a * b);
    case TapeOp::kDiv:
      return of(a / b);
    case TapeOp::kPow:
      return of(static_cast<float>(std::pow(x, static_cast<double>(b))));
    case TapeOp::kMaximum:
      return of(std::isnan(a) || std::isnan(b) ? kNaN : std::max(a, b));
    case TapeOp::kMinimum:
      return of(std::isnan(a) || std::isnan(b) ? kNaN : std::min(a, b));
    case TapeOp::kEqual:
      return of(a == b);
    case TapeOp::kNotEqual:
      return of(a != b);
    case TapeOp::kLess:
      return of(a < b);
    case TapeOp::kLessEqual:
      return of(a <= b);
    case TapeOp::kGreater:
      return of(a > b);
    case TapeOp::kGreaterEqual:
      return of(a >= b);
    case TapeOp::kAnd:
      return of(a != 0 && b != 0);
    case TapeOp::kOr:
      return of(a != 0 || b != 0);
    case TapeOp::kToFloat:
      return of(a);
    case TapeOp::kToInteger:
      return of(saturate(a));
    case TapeOp::kToBool:
      return of(a != 0);
    // Without a default, so that the compiler misses an operation that has no value here.
    case TapeOp::kConstant:
    case TapeOp::kWhere:
      break;
  }
  throw Failure("no such operation on floats");
}

Register result_of(const TapeStep& step, const std::vector<Register>& registers) {
  const Register &a = registers[static_cast<size_t>(step.a)], &b = registers[static_cast<size_t>(step.b)];
  if (step.op == TapeOp::kConstant) return of(static_cast<float>(step.immediate));
  if (step.op == TapeOp::kWhere) return a.f != 0 ? b : registers[static_cast<size_t>(step.c)];
  return a.is_float ? float_result(step.op, a.f, b.f) : integer_result(step.op, a.i, b.i);
}

double stored(const Register& value, DType dtype) {
  switch (dtype) {
    case DType::kFloat32:
      return static_cast<double>(value.f);
    case DType::kBool:
      return value.f != 0;
    case DType::kInt32:
      return static_cast<double>(static_cast<int32_t>(static_cast<uint32_t>(value.i)));
    case DType::kInt64:
      return static_cast<double>(value.i);
  }
  return 0;
}

}  // namespace

Expected interpret(const GuardedBuffers& buffers, const Fused& fused) {
  std::vector<std::vector<double>> memory;
  const size_t buffer_count = buffers.program().buffers.size();
  for (size_t b = 0; b < buffer_count; ++b) memory.push_back(buffers.values(static_cast<int32_t>(b)));
  Expected expected{memory, memory};
  for (auto& scale : expected.scales) std::fill(scale.begin(), scale.end(), 0.0);

  std::vector<int64_t> index(fused.sizes.size());
  const auto dtype = [&](const View& view) {
    return buffers.program().buffers[static_cast<size_t>(view.buffer)].dtype;
  };
  const auto element = [&](const View& view) {
    return static_cast<size_t>(std::inner_product(index.begin(), index.end(), view.strides.begin(), view.offset));
  };
  // Calls body for every index; dimensions from `from` to `to` stay at 0.
  const auto each = [&](size_t from, size_t to, const auto& body) {
    for (size_t d = 0; d < index.size(); ++d) {
      if (fused.sizes[d] == 0 && (d < from || d >= to)) return;
    }
    std::fill(index.begin(), index.end(), 0);
    while (true) {
      body();
      size_t d = index.size();
      while (d-- > 0) {
        if (d >= from && d < to) continue;
        if (++index[d] < fused.sizes[d]) break;
        index[d] = 0;
      }
      if (d == static_cast<size_t>(-1)) return;
    }
  };
  const auto outer = static_cast<size_t>(fused.outer), kept = outer + static_cast<size_t>(fused.reduced);
  for (const FusedOutput& output : fused.outputs) {
    if (output.mode == OutputMode::kStore) continue;
    each(outer, kept, [&] {
      expected.buffers[static_cast<size_t>(output.view.buffer)][element(output.view)] =
          output.mode == OutputMode::kSum ? 0 : -std::numeric_limits<double>::infinity();
    });
  }
  each(0, 0, [&] {
    std::vector<Register> registers(kMaxRegisters);
    for (size_t i = 0; i < fused.operands.size(); ++i) {
      const View& view = fused.operands[i];
      const double value = memory[static_cast<size_t>(view.buffer)][element(view)];
      registers[i] = class_of(dtype(view)) == RegisterClass::kFloat ? of(static_cast<float>(value))
                                                                    : of(static_cast<int64_t>(value));
    }
    for (const TapeStep& step : fused.tape)
      registers[static_cast<size_t>(step.destination)] = result_of(step, registers);
    for (const FusedOutput& output : fused.outputs) {
      const Register& value = registers[static_cast<size_t>(output.register_index)];
      double& to = expected.buffers[static_cast<size_t>(output.view.buffer)][element(output.view)];
      if (output.mode == OutputMode::kStore) {
        to = stored(value, dtype(output.view));
      } else if (output.mode == OutputMode::kSum) {
        to += static_cast<double>(value.f);
        expected.scales[static_cast<size_t>(output.view.buffer)][element(output.view)] +=
            std::abs(static_cast<double>(value.f));
      } else if (std::isnan(value.f) || static_cast<double>(value.f) > to) {
        to = static_cast<double>(value.f);
      }
    }
  });
  return expected;
}

}  // namespace bilevel::test
