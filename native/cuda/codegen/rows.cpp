#include "cuda/codegen/rows.h"

#include <algorithm>
#include <string>

#include "cuda/codegen/kernel_text.h"

namespace bilevel::cuda {
namespace {

// A thread copies some elements of a long row.
constexpr int64_t kEachThread = 8, kMostBlocks = 256;

// A kernel that calls `function` and copies the rows of the bindings that `is_copied`, to their places or from there.
template <typename IsCopied>
Kernel copy_rows(const Program& program, const char* function, bool to_places, IsCopied&& is_copied) {
  KernelText text("rows.cuh");
  text.parameter("StepTable", "table", {Argument::Kind::kStepTable, 0, 0});
  text.line(std::string("const uint64_t step = ") + function + "(args.table);");
  const std::vector<size_t> bindings = per_step_bindings(program);
  int64_t blocks = 0;
  for (size_t i = 0; i < bindings.size(); ++i) {
    const Binding& binding = program.bindings[bindings[i]];
    const int64_t count = binding.element_count;
    if (!is_copied(bindings[i]) || count == 0) continue;
    const std::string type(element_type(binding.dtype)), place = "place" + std::to_string(i);
    text.parameter(type, place, {Argument::Kind::kBinding, static_cast<int32_t>(bindings[i]), 0});
    const int64_t own = std::min(ceil_divide(count, kThreads * kEachThread), kMostBlocks);
    const std::string size = std::to_string(count), at_place = "args." + place;
    const std::string row = "row_of<" + type + ">(args.table, " + std::to_string(i) + "u, step, " + size + ")";
    text.begin("if (blockIdx.x >= " + std::to_string(blocks) + "u && blockIdx.x < " + std::to_string(blocks + own) +
               "u)");
    text.line("copy_row<" + type + ">(blockIdx.x - " + std::to_string(blocks) + "u, " + std::to_string(own) + "u, " +
              (to_places ? row + ", " + at_place : at_place + ", " + row) + ", " + size + ");");
    text.end();
    blocks += own;
  }
  return text.finish(std::max<int64_t>(blocks, 1), false);
}

}  // namespace

std::vector<size_t> per_step_bindings(const Program& program) {
  std::vector<size_t> numbers;
  for (size_t i = 0; i < program.bindings.size(); ++i) {
    if (program.bindings[i].per_step) numbers.push_back(i);
  }
  return numbers;
}

Kernel generate_begin_step(const Program& program, const std::vector<bool>& is_read) {
  return copy_rows(program, "begin_step", true, [&](size_t binding) { return is_read[binding]; });
}

Kernel generate_end_step(const Program& program) {
  return copy_rows(program, "end_step", false,
                   [&](size_t binding) { return program.bindings[binding].access != Access::kRead; });
}

}  // namespace bilevel::cuda
