// What the operations of a fused tape take and give: the one table for the decoder, the engines and their tests.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "program/format.h"

namespace bilevel {

// A register holds a float32 or an int64.
enum class RegisterClass : uint8_t { kFloat, kInteger };

// What an element of a buffer becomes in a register.
constexpr RegisterClass class_of(DType dtype) {
  return dtype == DType::kFloat32 || dtype == DType::kBool ? RegisterClass::kFloat : RegisterClass::kInteger;
}

struct TapeRow {
  // Operands are of one class, but for the first one of `where`: that is the condition, a float.
  enum Takes : uint8_t { kFloats, kAny };
  enum Gives : uint8_t { kSame, kFloat, kInteger };

  TapeOp op;
  std::string_view name;
  int operands;
  Takes takes;
  Gives gives;
};

inline constexpr std::array<TapeRow, 37> kTape = {{
    {TapeOp::kConstant, "constant", 0, TapeRow::kFloats, TapeRow::kFloat},
    {TapeOp::kNeg, "neg", 1, TapeRow::kAny, TapeRow::kSame},
    {TapeOp::kExp, "exp", 1, TapeRow::kFloats, TapeRow::kFloat},
    {TapeOp::kLog, "log", 1, TapeRow::kFloats, TapeRow::kFloat},
    {TapeOp::kSqrt, "sqrt", 1, TapeRow::kFloats, TapeRow::kFloat},
    {TapeOp::kAbs, "abs", 1, TapeRow::kAny, TapeRow::kSame},
    {TapeOp::kSign, "sign", 1, TapeRow::kAny, TapeRow::kSame},
    {TapeOp::kTanh, "tanh", 1, TapeRow::kFloats, TapeRow::kFloat},
    {TapeOp::kSigmoid, "sigmoid", 1, TapeRow::kFloats, TapeRow::kFloat},
    {TapeOp::kErf, "erf", 1, TapeRow::kFloats, TapeRow::kFloat},
    {TapeOp::kRelu, "relu", 1, TapeRow::kFloats, TapeRow::kFloat},
    {TapeOp::kSoftplus, "softplus", 1, TapeRow::kFloats, TapeRow::kFloat},
    {TapeOp::kSin, "sin", 1, TapeRow::kFloats, TapeRow::kFloat},
    {TapeOp::kCos, "cos", 1, TapeRow::kFloats, TapeRow::kFloat},
    {TapeOp::kFloor, "floor", 1, TapeRow::kFloats, TapeRow::kFloat},
    {TapeOp::kCeil, "ceil", 1, TapeRow::kFloats, TapeRow::kFloat},
    {TapeOp::kRound, "round", 1, TapeRow::kFloats, TapeRow::kFloat},
    {TapeOp::kNot, "not", 1, TapeRow::kFloats, TapeRow::kFloat},
    {TapeOp::kAdd, "add", 2, TapeRow::kAny, TapeRow::kSame},
    {TapeOp::kSub, "sub", 2, TapeRow::kAny, TapeRow::kSame},
    {TapeOp::kMul, "mul", 2, TapeRow::kAny, TapeRow::kSame},
    {TapeOp::kDiv, "div", 2, TapeRow::kAny, TapeRow::kSame},
    {TapeOp::kPow, "pow", 2, TapeRow::kFloats, TapeRow::kFloat},
    {TapeOp::kMaximum, "maximum", 2, TapeRow::kAny, TapeRow::kSame},
    {TapeOp::kMinimum, "minimum", 2, TapeRow::kAny, TapeRow::kSame},
    {TapeOp::kEqual, "equal", 2, TapeRow::kAny, TapeRow::kFloat},
    {TapeOp::kNotEqual, "notEqual", 2, TapeRow::kAny, TapeRow::kFloat},
    {TapeOp::kLess, "less", 2, TapeRow::kAny, TapeRow::kFloat},
    {TapeOp::kLessEqual, "lessEqual", 2, TapeRow::kAny, TapeRow::kFloat},
    {TapeOp::kGreater, "greater", 2, TapeRow::kAny, TapeRow::kFloat},
    {TapeOp::kGreaterEqual, "greaterEqual", 2, TapeRow::kAny, TapeRow::kFloat},
    {TapeOp::kAnd, "and", 2, TapeRow::kFloats, TapeRow::kFloat},
    {TapeOp::kOr, "or", 2, TapeRow::kFloats, TapeRow::kFloat},
    {TapeOp::kWhere, "where", 3, TapeRow::kAny, TapeRow::kSame},
    {TapeOp::kToFloat, "toFloat", 1, TapeRow::kAny, TapeRow::kFloat},
    {TapeOp::kToInteger, "toInteger", 1, TapeRow::kAny, TapeRow::kInteger},
    {TapeOp::kToBool, "toBool", 1, TapeRow::kAny, TapeRow::kFloat},
}};

constexpr const TapeRow& row_of(TapeOp op) { return kTape[static_cast<size_t>(op)]; }

// The class of a result, by that of the operands.
constexpr RegisterClass result_class(TapeOp op, RegisterClass operands) {
  const TapeRow::Gives gives = row_of(op).gives;
  return gives == TapeRow::kSame    ? operands
         : gives == TapeRow::kFloat ? RegisterClass::kFloat
                                    : RegisterClass::kInteger;
}

inline constexpr auto kTapeOpNames = [] {
  std::array<std::string_view, kTape.size()> names;
  for (size_t i = 0; i < names.size(); ++i) names[i] = kTape[i].name;
  return names;
}();

static_assert(
    [] {
      for (size_t i = 0; i < kTape.size(); ++i) {
        if (kTape[i].op != static_cast<TapeOp>(i)) return false;
      }
      return true;
    }(),
    "the rows stand in the order of TapeOp");

}  // namespace bilevel
