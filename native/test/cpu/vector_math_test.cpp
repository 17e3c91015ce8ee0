// The float functions of every instruction set that this machine has, against double references.
#include <bit>
#include <cmath>
#include <functional>
#include <limits>

#include "cpu/vector/vector_loops.h"
#include "program/tape.h"
#include "test/support/test.h"

namespace bilevel::test {
namespace {

struct Function {
  TapeOp op;
  double (*reference)(double);
  double limit;  // units in the last place
};

double sigmoid(double x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); }
double softplus(double x) { return (x > 0 ? x : 0.0) + std::log1p(std::exp(-std::abs(x))); }

const std::vector<Function> kFunctions = {
    {TapeOp::kExp, [](double x) { return std::exp(x); }, 2},
    {TapeOp::kLog, [](double x) { return std::log(x); }, 2},
    {TapeOp::kSqrt, [](double x) { return std::sqrt(x); }, 0.51},
    {TapeOp::kTanh, [](double x) { return std::tanh(x); }, 3},
    {TapeOp::kSigmoid, sigmoid, 4},
    {TapeOp::kErf, [](double x) { return std::erf(x); }, 3},
    {TapeOp::kSoftplus, softplus, 4},
    {TapeOp::kSin, [](double x) { return std::sin(x); }, 2},
    {TapeOp::kCos, [](double x) { return std::cos(x); }, 2},
};

// The distance in units of the last place of the float nearest to the reference.
double ulps(float actual, double reference) {
  const float nearest = static_cast<float>(reference);
  if (std::isnan(nearest)) return std::isnan(actual) ? 0 : std::numeric_limits<double>::infinity();
  if (std::isinf(nearest) || std::isinf(actual)) return actual == nearest ? 0 : std::numeric_limits<double>::infinity();
  if (std::isnan(actual)) return std::numeric_limits<double>::infinity();
  int exponent = 0;
  std::frexp(nearest, &exponent);
  return std::abs(static_cast<double>(actual) - reference) / std::ldexp(1.0, std::max(exponent, -125) - 24);
}

// Floats of every exponent and sign, and the neighbourhood of every edge of the functions.
std::vector<float> arguments() {
  std::vector<float> x = {0.0f,
                          -0.0f,
                          1.0f,
                          -1.0f,
                          std::numeric_limits<float>::infinity(),
                          -std::numeric_limits<float>::infinity(),
                          std::numeric_limits<float>::quiet_NaN(),
                          std::numeric_limits<float>::denorm_min(),
                          std::numeric_limits<float>::max()};
  for (uint64_t bits = 0; bits < (uint64_t{1} << 32); bits += 8191)
    x.push_back(std::bit_cast<float>(static_cast<uint32_t>(bits)));
  for (const float edge :
       {88.72f, -87.33f, -103.97f, 0.625f, 9.0f, 0.92f, 4.0f, 1.0f, 0.7071f, 1.1754944e-38f, 16.0f}) {
    for (int i = -2000; i < 2000; ++i) {
      const float value = std::bit_cast<float>(std::bit_cast<int32_t>(edge) + i);
      x.push_back(value);
      x.push_back(-value);
    }
  }
  for (float value = -20.0f; value < 20.0f; value += 0.0003f) x.push_back(value);
  return x;
}

std::vector<float> apply(const cpu::VectorLoops& loops, TapeOp op, const std::vector<float>& x) {
  std::vector<float> y(x.size());
  loops.float_steps[static_cast<size_t>(op)](x.data(), nullptr, nullptr, y.data(), static_cast<int64_t>(x.size()), 0);
  return y;
}

TEST(float_functions_stay_within_their_error) {
  const std::vector<float> x = arguments();
  for (const cpu::VectorLoops* loops : cpu::supported_vector_loops()) {
    for (const auto& [op, reference, limit] : kFunctions) {
      const std::vector<float> y = apply(*loops, op, x);
      for (size_t i = 0; i < x.size(); ++i) {
        const double error = ulps(y[i], reference(static_cast<double>(x[i])));
        CHECK(error <= limit, kTapeOpNames[static_cast<size_t>(op)], "of", x[i], "is", y[i], "off by", error, "ulp");
      }
    }
  }
}

TEST(float_functions_keep_signed_zeros) {
  for (const cpu::VectorLoops* loops : cpu::supported_vector_loops()) {
    for (const TapeOp op :
         {TapeOp::kTanh, TapeOp::kErf, TapeOp::kSqrt, TapeOp::kSign, TapeOp::kFloor, TapeOp::kRound}) {
      const std::vector<float> y = apply(*loops, op, std::vector<float>(40, -0.0f));
      for (const float value : y) CHECK(value == 0.0f && std::signbit(value), kTapeOpNames[static_cast<size_t>(op)]);
    }
  }
}

TEST(sums_of_many_floats_keep_their_accuracy) {
  std::vector<float> x(1'000'000);
  double exact = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    x[i] = 1.0f + 0.001f * static_cast<float>(i % 997);
    exact += static_cast<double>(x[i]);
  }
  for (const cpu::VectorLoops* loops : cpu::supported_vector_loops()) {
    double total = 0;
    loops->sum.segments(&total, x.data(), 1, static_cast<int64_t>(x.size()));
    CHECK(std::abs(total / exact - 1) < 1e-7, total, exact);
  }
}

TEST(there_is_a_loop_for_every_operation_and_class_of_the_tape) {
  for (const cpu::VectorLoops* loops : cpu::supported_vector_loops()) {
    for (size_t op = 0; op < kTape.size(); ++op) {
      CHECK(loops->float_steps[op] != nullptr, kTape[op].name);
      CHECK((loops->integer_steps[op] != nullptr) == (kTape[op].takes == TapeRow::kAny), kTape[op].name);
    }
  }
}

}  // namespace
}  // namespace bilevel::test
