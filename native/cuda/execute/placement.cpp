#include "cuda/execute/placement.h"

#include <algorithm>
#include <utility>

namespace bilevel::cuda {
namespace {

std::vector<InstructionLaunches> by_instruction(std::span<const PlannedKernel> kernels,
                                                std::span<const Launch> launches, std::span<const RankSum> sums) {
  std::vector<InstructionLaunches> instructions;
  auto sum = sums.begin();
  const auto add_sums_before = [&](size_t launch) {
    for (; sum != sums.end() && sum->launch <= launch; ++sum) instructions.push_back({sum->instruction, {}, &*sum});
  };
  for (size_t first = 0, next = 0; first < kernels.size(); first = next) {
    add_sums_before(first);
    while (next < kernels.size() && kernels[next].instruction == kernels[first].instruction) ++next;
    instructions.push_back({kernels[first].instruction, launches.subspan(first, next - first)});
  }
  add_sums_before(kernels.size());
  return instructions;
}

std::variant<Steps, SummedSteps> steps_of(Queue& queue, std::span<const Launch> prologue,
                                          std::span<const RankSum> prologue_sums, std::span<const Launch> body,
                                          std::span<const RankSum> body_sums, const RankSums* sums) {
  if (sums == nullptr) return Steps(queue, prologue, body);
  return SummedSteps(queue, prologue, prologue_sums, body, body_sums, *sums);
}

}  // namespace

Placement::Placement(const std::shared_ptr<const DeviceContext>& context, Queue& queue, const Program& program,
                     const Plan& plan, std::span<const LoadedKernel> loaded, std::vector<DevicePointer> kept,
                     const AddressOf& address_of, const RankSums* sums)
    : kept_(std::move(kept)),
      bound_(context, program, plan.records.size(), kept_),
      prologue_(launches_of(plan.prologue, loaded.first(plan.prologue.size()), program, plan, address_of)),
      body_(launches_of(plan.body, loaded.subspan(plan.prologue.size()), program, plan, address_of)),
      sums_(sums),
      prologue_sums_(sums_of(plan.prologue_sums, program, address_of)),
      body_sums_(sums_of(plan.body_sums, program, address_of)),
      prologue_instructions_(by_instruction(plan.prologue, prologue_, prologue_sums_)),
      body_instructions_(by_instruction(plan.body, body_, body_sums_)),
      steps_(steps_of(queue, prologue_, prologue_sums_, body_, body_sums_, sums)) {}

int32_t Placement::run(Queue& queue, int32_t steps, const Control& control, std::span<double> seconds) const {
  if (seconds.empty()) {
    return std::visit([&](const auto& of_a_kind) { return of_a_kind.run(queue, steps, control); }, steps_);
  }
  return run_timed(queue, prologue_instructions_, body_instructions_, sums_, steps, control, seconds);
}

DevicePointer Placement::buffer_address(const Program& program, int32_t buffer, const AddressOf& address_of) const {
  const Buffer& known = program.buffers[static_cast<size_t>(buffer)];
  if (known.kind == BufferKind::kBinding) return bound_.binding(static_cast<size_t>(known.where));
  return address_of({Argument::Kind::kBuffer, buffer, 0});
}

std::vector<RankSum> Placement::sums_of(std::span<const PlannedSum> planned, const Program& program,
                                        const AddressOf& address_of) const {
  // As on the processor: from the first instruction after which the bindings hold no whole step it is finished.
  const size_t body = program.prologue.size();
  const auto is_before = [&](size_t instruction, std::optional<size_t> change) {
    return instruction < body + change.value_or(program.body.size());
  };
  std::vector<RankSum> sums;
  for (const auto& [kernel, instruction, sum] : planned) {
    sums.push_back({.launch = kernel,
                    .instruction = instruction,
                    .in_first = is_before(instruction, program.first_binding_update),
                    .in_others = is_before(instruction, program.first_binding_write),
                    .x = buffer_address(program, sum.x, address_of),
                    .y = buffer_address(program, sum.y, address_of),
                    .count = sum.count});
  }
  return sums;
}

Launches Placement::launches_of(std::span<const PlannedKernel> kernels, std::span<const LoadedKernel> loaded,
                                const Program& program, const Plan& plan, const AddressOf& address_of) const {
  Launches launches;
  for (size_t i = 0; i < kernels.size(); ++i) {
    const auto& [kernel, instruction] = kernels[i];
    const auto record =
        static_cast<size_t>(std::find_if(plan.records.begin(), plan.records.end(),
                                         [&](const Plan::Record& own) { return own.instruction == instruction; }) -
                            plan.records.begin());
    std::vector<DevicePointer> arguments;
    for (const Argument& argument : kernel.arguments) {
      const auto buffer = static_cast<size_t>(argument.buffer);
      DevicePointer address = 0;
      if (argument.kind == Argument::Kind::kBinding) {
        address = bound_.binding(buffer);
      } else if (argument.kind == Argument::Kind::kStepTable) {
        address = bound_.step_table();
      } else if (argument.kind == Argument::Kind::kWrongIndex) {
        address = bound_.record(record);
      } else if (argument.kind == Argument::Kind::kBuffer) {
        address = buffer_address(program, argument.buffer, address_of);
      } else {
        address = address_of(argument);
      }
      arguments.push_back(address + static_cast<DevicePointer>(argument.byte_offset));
    }
    launches.push_back({loaded[i], kernel.blocks, std::move(arguments)});
  }
  return launches;
}

}  // namespace bilevel::cuda
