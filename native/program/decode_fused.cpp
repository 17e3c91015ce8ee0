#include <array>
#include <string>

#include "program/decode_instruction.h"
#include "program/limits.h"

namespace bilevel {
namespace {

enum class RegisterClass : uint8_t { kUnwritten, kFloat, kInteger };

RegisterClass class_of(DType dtype) {
  return dtype == DType::kFloat32 || dtype == DType::kBool ? RegisterClass::kFloat : RegisterClass::kInteger;
}

// What a tape operation takes and gives.
enum class Signature : uint8_t {
  kNothingToFloat,
  kAnyToSame,
  kFloatToFloat,
  kAnyToFloat,
  kAnyToInteger,
  kPairToSame,
  kFloatPairToFloat,
  kPairToFloat,
  kSelect,
};

Signature signature_of(TapeOp op) {
  switch (op) {
    case TapeOp::kConstant:
      return Signature::kNothingToFloat;
    case TapeOp::kNeg:
    case TapeOp::kAbs:
    case TapeOp::kSign:
      return Signature::kAnyToSame;
    case TapeOp::kExp:
    case TapeOp::kLog:
    case TapeOp::kSqrt:
    case TapeOp::kTanh:
    case TapeOp::kSigmoid:
    case TapeOp::kErf:
    case TapeOp::kRelu:
    case TapeOp::kSoftplus:
    case TapeOp::kSin:
    case TapeOp::kCos:
    case TapeOp::kFloor:
    case TapeOp::kCeil:
    case TapeOp::kRound:
    case TapeOp::kNot:
      return Signature::kFloatToFloat;
    case TapeOp::kToFloat:
    case TapeOp::kToBool:
      return Signature::kAnyToFloat;
    case TapeOp::kToInteger:
      return Signature::kAnyToInteger;
    case TapeOp::kAdd:
    case TapeOp::kSub:
    case TapeOp::kMul:
    case TapeOp::kDiv:
    case TapeOp::kMaximum:
    case TapeOp::kMinimum:
      return Signature::kPairToSame;
    case TapeOp::kPow:
    case TapeOp::kAnd:
    case TapeOp::kOr:
      return Signature::kFloatPairToFloat;
    case TapeOp::kEqual:
    case TapeOp::kNotEqual:
    case TapeOp::kLess:
    case TapeOp::kLessEqual:
    case TapeOp::kGreater:
    case TapeOp::kGreaterEqual:
      return Signature::kPairToFloat;
    case TapeOp::kWhere:
      return Signature::kSelect;
  }
  return Signature::kNothingToFloat;
}

// Walks the tape once with the class of every register, so that a kernel never meets an unwritten or mistyped one.
class TapeReader {
 public:
  TapeReader(WordReader& words, const InstructionReader& reader, const std::vector<View>& operands)
      : words_(words), operand_count_(static_cast<int64_t>(operands.size())) {
    for (size_t i = 0; i < operands.size(); ++i) classes_[i] = class_of(reader.dtype(operands[i].buffer));
  }

  TapeStep step(int64_t index) {
    TapeStep step{};
    step.op = words_.code<TapeOp>({"tapeOp", index}, kTapeOpNames);
    const Field destination{"destination", index};
    step.destination = static_cast<int32_t>(words_.integer(destination, operand_count_, kMaxRegisters - 1));
    for (int32_t* source : {&step.a, &step.b, &step.c}) {
      *source = static_cast<int32_t>(words_.integer({"source", index}, 0, kMaxRegisters - 1));
    }
    step.immediate = words_.real({"immediate", index});
    classes_[static_cast<size_t>(step.destination)] = result(step, {"tape", index});
    return step;
  }

  RegisterClass class_at(Field field, int32_t index) const {
    const RegisterClass found = classes_[static_cast<size_t>(index)];
    if (found == RegisterClass::kUnwritten) words_.refuse(field, "register " + std::to_string(index) + " is unwritten");
    return found;
  }

 private:
  RegisterClass result(const TapeStep& step, Field field) const {
    const auto unused = [&](int32_t source) {
      if (source != 0) words_.refuse(field, "an unused source must be 0");
    };
    const auto need_float = [&](int32_t source) {
      if (class_at(field, source) != RegisterClass::kFloat) {
        words_.refuse(field, "register " + std::to_string(source) + " must hold a float");
      }
    };
    const auto need_same = [&](int32_t a, int32_t b) {
      const RegisterClass found = class_at(field, a);
      if (found != class_at(field, b)) {
        words_.refuse(field, "registers " + std::to_string(a) + " and " + std::to_string(b) + " must be of one class");
      }
      return found;
    };
    const Signature signature = signature_of(step.op);
    if (signature != Signature::kSelect) unused(step.c);
    switch (signature) {
      case Signature::kNothingToFloat:
        unused(step.a);
        unused(step.b);
        return RegisterClass::kFloat;
      case Signature::kAnyToSame:
        unused(step.b);
        return class_at(field, step.a);
      case Signature::kFloatToFloat:
        unused(step.b);
        need_float(step.a);
        return RegisterClass::kFloat;
      case Signature::kAnyToFloat:
        unused(step.b);
        class_at(field, step.a);
        return RegisterClass::kFloat;
      case Signature::kAnyToInteger:
        unused(step.b);
        class_at(field, step.a);
        return RegisterClass::kInteger;
      case Signature::kPairToSame:
        return need_same(step.a, step.b);
      case Signature::kFloatPairToFloat:
        need_float(step.a);
        need_float(step.b);
        return RegisterClass::kFloat;
      case Signature::kPairToFloat:
        need_same(step.a, step.b);
        return RegisterClass::kFloat;
      case Signature::kSelect:
        need_float(step.a);
        return need_same(step.b, step.c);
    }
    return RegisterClass::kUnwritten;
  }

  WordReader& words_;
  int64_t operand_count_;
  std::array<RegisterClass, kMaxRegisters> classes_{};
};

}  // namespace

Fused decode_fused(InstructionReader& reader) {
  WordReader& words = reader.words;
  Fused fused;
  const int64_t rank = words.integer("rank", 0, kMaxRank);
  fused.outer = static_cast<int32_t>(words.integer("outer", 0, rank));
  fused.reduced = static_cast<int32_t>(words.integer("reduced", 0, rank - fused.outer));
  if (fused.reduced == 0 && fused.outer != rank) words.refuse("outer", "it must be the rank when nothing is reduced");
  for (int64_t d = 0; d < rank; ++d) fused.sizes.push_back(words.limited({"size", d}, 0, kMaxElements));
  words.volume("size", fused.sizes);

  const int64_t operand_count = words.integer("operandCount", 0, kMaxRegisters);
  for (int64_t i = 0; i < operand_count; ++i) {
    fused.operands.push_back(reader.view({"operand", i}, Use::kRead, fused.sizes));
  }

  TapeReader tape(words, reader, fused.operands);
  const int64_t tape_count = words.limited("tapeCount", 0, kMaxTapeSteps);
  for (int64_t i = 0; i < tape_count; ++i) fused.tape.push_back(tape.step(i));

  const int64_t output_count = words.integer("outputCount", 1, kMaxRegisters);
  for (int64_t i = 0; i < output_count; ++i) {
    const Field field{"output", i};
    FusedOutput output{};
    output.mode = words.code<OutputMode>({"mode", i}, kOutputModeNames);
    if ((output.mode == OutputMode::kStore) != (fused.reduced == 0)) {
      words.refuse(field, "its mode must be store when nothing is reduced, and sum or max otherwise");
    }
    output.register_index = static_cast<int32_t>(words.integer({"register", i}, 0, kMaxRegisters - 1));
    const auto reduced_begin = static_cast<size_t>(fused.outer);
    output.view =
        reader.view(field, Use::kWrite, fused.sizes, reduced_begin, reduced_begin + static_cast<size_t>(fused.reduced));
    const DType dtype = reader.dtype(output.view.buffer);
    const RegisterClass value = tape.class_at(field, output.register_index);
    if (value != class_of(dtype)) words.refuse(field, "the register and the buffer must be of one class");
    if (output.mode != OutputMode::kStore && dtype != DType::kFloat32) {
      words.refuse(field, "sums and maxima are written to float32 buffers");
    }
    fused.outputs.push_back(std::move(output));
  }
  return fused;
}

}  // namespace bilevel
