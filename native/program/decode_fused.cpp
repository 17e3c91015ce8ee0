#include <array>
#include <optional>
#include <string>

#include "program/decode_instruction.h"
#include "program/limits.h"
#include "program/tape.h"

namespace bilevel {
namespace {

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
    const std::optional<RegisterClass> found = classes_[static_cast<size_t>(index)];
    if (!found) words_.refuse(field, "register " + std::to_string(index) + " is unwritten");
    return *found;
  }

 private:
  RegisterClass result(const TapeStep& step, Field field) const {
    const TapeRow& row = row_of(step.op);
    const std::array sources = {step.a, step.b, step.c};
    for (size_t i = static_cast<size_t>(row.operands); i < sources.size(); ++i) {
      if (sources[i] != 0) words_.refuse(field, "an unused source must be 0");
    }
    std::span<const int32_t> operands(sources.data(), static_cast<size_t>(row.operands));
    if (step.op == TapeOp::kWhere) {
      need_float(field, step.a);
      operands = operands.subspan(1);
    }
    if (operands.empty()) return result_class(step.op, RegisterClass::kFloat);
    if (row.takes == TapeRow::kFloats) {
      for (const int32_t operand : operands) need_float(field, operand);
    }
    const RegisterClass found = class_at(field, operands.front());
    if (class_at(field, operands.back()) != found) {
      words_.refuse(field, "registers " + std::to_string(operands.front()) + " and " + std::to_string(operands.back()) +
                               " must be of one class");
    }
    return result_class(step.op, found);
  }

  void need_float(Field field, int32_t source) const {
    if (class_at(field, source) != RegisterClass::kFloat) {
      words_.refuse(field, "register " + std::to_string(source) + " must hold a float");
    }
  }

  WordReader& words_;
  int64_t operand_count_;
  std::array<std::optional<RegisterClass>, kMaxRegisters> classes_{};  // of those that are written
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
