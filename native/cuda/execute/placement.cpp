#include "cuda/execute/placement.h"

#include <algorithm>
#include <utility>

namespace bilevel::cuda {
namespace {

std::vector<InstructionLaunches> by_instruction(std::span<const PlannedKernel> kernels,
                                                std::span<const Launch> launches) {
  std::vector<InstructionLaunches> instructions;
  for (size_t first = 0, next = 0; first < kernels.size(); first = next) {
    while (next < kernels.size() && kernels[next].instruction == kernels[first].instruction) ++next;
    instructions.push_back({kernels[first].instruction, launches.subspan(first, next - first)});
  }
  return instructions;
}

}  // namespace

Placement::Placement(const std::shared_ptr<const DeviceContext>& context, Queue& queue, const Program& program,
                     const Plan& plan, std::span<const LoadedKernel> loaded, std::vector<DevicePointer> kept,
                     const AddressOf& address_of)
    : kept_(std::move(kept)),
      bound_(context, program, plan.records.size(), kept_),
      prologue_(launches_of(plan.prologue, loaded.first(plan.prologue.size()), program, plan, address_of)),
      body_(launches_of(plan.body, loaded.subspan(plan.prologue.size()), program, plan, address_of)),
      prologue_instructions_(by_instruction(plan.prologue, prologue_)),
      body_instructions_(by_instruction(plan.body, body_)),
      steps_(queue, prologue_, body_) {}

int32_t Placement::run(Queue& queue, int32_t steps, const Control& control, std::span<double> seconds) const {
  if (seconds.empty()) return steps_.run(queue, steps, control);
  return run_timed(queue, prologue_instructions_, body_instructions_, steps, control, seconds);
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
      } else if (argument.kind == Argument::Kind::kBuffer && program.buffers[buffer].kind == BufferKind::kBinding) {
        address = bound_.binding(static_cast<size_t>(program.buffers[buffer].where));
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
