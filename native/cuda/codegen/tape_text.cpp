#include "cuda/codegen/tape_text.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <span>

namespace bilevel::cuda {
namespace {

constexpr int kNeighbours = 4;

std::string float_literal(double immediate) {
  const auto value = static_cast<float>(immediate);
  if (std::isnan(value)) return "__builtin_nanf(\"\")";
  if (std::isinf(value)) return value > 0 ? "__builtin_inff()" : "-__builtin_inff()";
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%af", static_cast<double>(value));
  return text.data();
}

std::string_view type_of(RegisterClass kind) { return kind == RegisterClass::kFloat ? "float" : "int64_t"; }

// Its function in native/scalar/operations.inc: lessEqual of floats is less_equal_f.
std::string function_of(TapeOp op, RegisterClass operands) {
  std::string name;
  for (const char c : row_of(op).name) {
    if (std::isupper(static_cast<unsigned char>(c))) name += '_';
    name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return name + (operands == RegisterClass::kFloat ? "_f" : "_i");
}

bool lies_side_by_side(const Program& program, const View& view) {
  return dtype_of(program, view.buffer) == DType::kFloat32 && view.strides.back() == 1;
}

}  // namespace

bool takes_four(const Program& program, const Fused& fused) {
  if (fused.sizes.empty() || fused.sizes.back() % kNeighbours != 0) return false;
  const auto fits = [&](const View& view) {
    if (!lies_side_by_side(program, view)) return true;
    return view.offset % kNeighbours == 0 && std::all_of(view.strides.begin(), view.strides.end() - 1,
                                                         [](int64_t stride) { return stride % kNeighbours == 0; });
  };
  return std::all_of(fused.operands.begin(), fused.operands.end(), fits) &&
         std::all_of(fused.outputs.begin(), fused.outputs.end(),
                     [&](const FusedOutput& output) { return fits(output.view); });
}

TapeText::TapeText(KernelText& text, const Program& program, const Fused& fused, int neighbours)
    : text_(text), program_(program), fused_(fused), neighbours_(neighbours) {
  for (size_t i = 0; i < fused.operands.size(); ++i) {
    text.operand(program, "in" + std::to_string(i), fused.operands[i].buffer, fused.operands[i].offset);
  }
  for (size_t o = 0; o < fused.outputs.size(); ++o) {
    text.result(program, "out" + std::to_string(o), fused.outputs[o].view.buffer, fused.outputs[o].view.offset);
  }
}

void TapeText::split(std::string_view position, size_t first, size_t last) {
  const std::span<const int64_t> sizes = std::span(fused_.sizes).subspan(first, last - first);
  const int64_t count = std::accumulate(sizes.begin(), sizes.end(), int64_t{1}, std::multiplies<>());
  const std::string type(index_type(count));
  std::string rest(position);
  for (size_t d = last; d-- > first;) {
    const std::string index = "i" + std::to_string(d), size = index_literal(fused_.sizes[d]);
    text_.line("const " + type + " " + index + " = " + (d == first ? rest : rest + " % " + size) + ";");
    if (d == first) break;
    const std::string next = "rest" + std::to_string(d);
    text_.line("const " + type + " " + next + " = " + rest + " / " + size + ";");
    rest = next;
  }
}

std::string TapeText::element(const std::string& base, const View& view) const {
  std::string offset;
  for (size_t d = 0; d < view.strides.size(); ++d) {
    const int64_t stride = view.strides[d];
    if (stride == 0 || fused_.sizes[d] == 1) continue;
    if (!offset.empty()) offset += " + ";
    offset += "(int64_t)i" + std::to_string(d);
    if (stride != 1) offset += " * " + std::to_string(stride);
  }
  return base + "[" + (offset.empty() ? "0" : offset) + "]";
}

std::string TapeText::part(const std::string& value) const { return neighbours_ == 1 ? value : value + "[l]"; }

void TapeText::each(const std::string& statement) {
  text_.line((neighbours_ == 1 ? "" : "for (int l = 0; l < " + std::to_string(neighbours_) + "; ++l) ") + statement);
}

void TapeText::declare(const std::string& value, RegisterClass kind, const std::string& expression) {
  const std::string type(type_of(kind));
  if (neighbours_ == 1) return text_.line("const " + type + " " + value + " = " + expression + ";");
  text_.line(type + " " + value + "[" + std::to_string(neighbours_) + "];");
  each(value + "[l] = " + expression + ";");
}

bool TapeText::in_one_access(const View& view) const { return neighbours_ > 1 && lies_side_by_side(program_, view); }

void TapeText::load(const std::string& value, const std::string& base, const View& view) {
  const RegisterClass kind = class_of(dtype_of(program_, view.buffer));
  if (in_one_access(view)) {
    text_.line("float " + value + "[" + std::to_string(neighbours_) + "];");
    return text_.line("load4(" + value + ", &" + element(base, view) + ");");
  }
  const int64_t stride = neighbours_ == 1 ? 0 : view.strides.back();
  const std::string at =
      stride == 0 ? element(base, view) : "(&" + element(base, view) + ")[l * (int64_t)" + std::to_string(stride) + "]";
  declare(value, kind, "loaded(" + at + ")");
}

void TapeText::step(const TapeStep& step) {
  const auto reg = [&](int32_t index) -> const Register& { return registers_[static_cast<size_t>(index)]; };
  // The class of `where` is that of what it picks from.
  const RegisterClass operands = reg(step.op == TapeOp::kWhere ? step.b : step.a).kind;
  const RegisterClass kind = result_class(step.op, operands);
  std::string expression = float_literal(step.immediate);
  if (step.op != TapeOp::kConstant) {
    expression = function_of(step.op, operands) + "(" + part(reg(step.a).name);
    if (row_of(step.op).operands > 1) expression += ", " + part(reg(step.b).name);
    if (row_of(step.op).operands > 2) expression += ", " + part(reg(step.c).name);
    expression += ")";
  }
  const std::string value = "v" + std::to_string(values_++);
  declare(value, kind, expression);
  registers_[static_cast<size_t>(step.destination)] = {value, kind};
}

void TapeText::evaluate() {
  for (size_t i = 0; i < fused_.operands.size(); ++i) {
    const View& view = fused_.operands[i];
    const std::string value = "v" + std::to_string(values_++);
    load(value, "args.in" + std::to_string(i), view);
    registers_[i] = {value, class_of(dtype_of(program_, view.buffer))};
  }
  for (const TapeStep& each_step : fused_.tape) step(each_step);
}

void TapeText::store_outputs() {
  for (size_t o = 0; o < fused_.outputs.size(); ++o) {
    const FusedOutput& output = fused_.outputs[o];
    const std::string to = element("args.out" + std::to_string(o), output.view);
    const std::string& value = value_of(output.register_index);
    if (in_one_access(output.view)) {
      text_.line("store4(&" + to + ", " + value + ");");
    } else if (neighbours_ == 1) {
      text_.line("store(" + to + ", " + value + ");");
    } else {
      each("store((&" + to + ")[l * (int64_t)" + std::to_string(output.view.strides.back()) + "], " + part(value) +
           ");");
    }
  }
}

const std::string& TapeText::value_of(int32_t register_index) const {
  return registers_[static_cast<size_t>(register_index)].name;
}

}  // namespace bilevel::cuda
