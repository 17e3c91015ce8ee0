#include "cuda/execute/plan.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "cuda/codegen/generate.h"
#include "cuda/codegen/rows.h"
#include "cuda/execute/bound_memory.h"
#include "program/limits.h"

namespace bilevel::cuda {
namespace {

int64_t indexed_size(const Operation& operation) {
  return std::visit(
      [](const auto& of_a_kind) -> int64_t {
        if constexpr (requires {
                        of_a_kind.indices;
                        of_a_kind.size;
                      }) {
          return of_a_kind.size;
        } else {
          return 0;
        }
      },
      operation);
}

int64_t entries_of(const Operation& operation) {
  return std::visit(
      [](const auto& of_a_kind) -> int64_t {
        if constexpr (requires { of_a_kind.entries; }) {
          return of_a_kind.entries;
        } else {
          return kMaxElements;
        }
      },
      operation);
}

bool records_indices(const Kernel& kernel) {
  return std::any_of(kernel.arguments.begin(), kernel.arguments.end(),
                     [](const Argument& argument) { return argument.kind == Argument::Kind::kWrongIndex; });
}

}  // namespace

Plan make_plan(const Program& program, const Target& target, bool together) {
  Plan plan;
  const auto add = [&](std::vector<PlannedKernel>& kernels, Kernel kernel, size_t instruction) {
    plan.scratch_bytes = std::max(plan.scratch_bytes, kernel.scratch_bytes);
    plan.counters = std::max(plan.counters, kernel.counters);
    kernels.push_back({std::move(kernel), instruction});
  };
  size_t number = 0;
  const auto add_all = [&](std::vector<PlannedKernel>& kernels, std::vector<PlannedSum>& sums,
                           const std::vector<Instruction>& instructions) {
    for (const Instruction& instruction : instructions) {
      const auto* sum = std::get_if<AllReduce>(&instruction.operation);
      if (together && sum != nullptr && sum->count > 0) {
        sums.push_back({kernels.size(), number++, *sum});
        continue;
      }
      bool records = false;
      for (Kernel& kernel : generate(program, instruction.operation, target)) {
        records = records || records_indices(kernel);
        add(kernels, std::move(kernel), number);
      }
      if (records) {
        plan.records.push_back({number, indexed_size(instruction.operation), entries_of(instruction.operation)});
      }
      ++number;
    }
  };
  add_all(plan.prologue, plan.prologue_sums, program.prologue);
  const bool has_rows = !per_step_bindings(program).empty();
  if (has_rows) {
    std::vector<bool> is_read(program.bindings.size());
    for (size_t i = 0; i < is_read.size(); ++i) is_read[i] = is_sent(program, i);
    add(plan.body, generate_begin_step(program, is_read), PlannedKernel::kNone);
  }
  add_all(plan.body, plan.body_sums, program.body);
  if (has_rows) add(plan.body, generate_end_step(program), PlannedKernel::kNone);
  return plan;
}

}  // namespace bilevel::cuda
