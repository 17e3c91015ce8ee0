#include "cpu/fused/fused_plan.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <optional>

#include "cpu/fused/loop_tiling.h"
#include "program/tape.h"

namespace bilevel::cpu {
namespace {

bool overlap(const Program& program, int32_t left, int32_t right) {
  const Buffer& a = program.buffers[static_cast<size_t>(left)];
  const Buffer& b = program.buffers[static_cast<size_t>(right)];
  if (a.kind != b.kind) return false;
  if (a.kind != BufferKind::kArena) return a.where == b.where;
  const auto end = [](const Buffer& x) {
    return x.where + x.element_count * kDTypeBytes[static_cast<size_t>(x.dtype)];
  };
  return a.where < end(b) && b.where < end(a);
}

int64_t product(std::span<const int64_t> sizes) {
  return std::accumulate(sizes.begin(), sizes.end(), int64_t{1}, std::multiplies<>());
}

static_assert(kTapeOps == kTape.size());

// Per element, in the unit of useful_threads, as measured with AVX-512.
int64_t work_of(TapeOp op, bool is_float) {
  switch (op) {
    case TapeOp::kSin:
    case TapeOp::kCos:
    case TapeOp::kPow:
      return 60;
    case TapeOp::kExp:
    case TapeOp::kLog:
    case TapeOp::kSigmoid:
    case TapeOp::kTanh:
      return 5;
    case TapeOp::kErf:
    case TapeOp::kSoftplus:
      return 10;
    case TapeOp::kDiv:
      return is_float ? 2 : 20;
    default:
      return 1;
  }
}

class Planner {
 public:
  Planner(const Program& program, const Fused& fused, const VectorLoops& loops)
      : program_(program), fused_(fused), loops_(loops) {}

  FusedPlan plan() {
    lay_out_space();
    choose_run();
    name_values();
    schedule();
    join_arithmetic();
    protect_operands();
    compute_in_place();
    assign_slots();
    return std::move(plan_);
  }

 private:
  DType dtype_of(const View& view) const { return program_.buffers[static_cast<size_t>(view.buffer)].dtype; }
  FusedValue& value(int32_t index) { return plan_.values[static_cast<size_t>(index)]; }
  bool is_operand(int32_t index) const { return static_cast<size_t>(index) < plan_.operands.size(); }
  bool is_operand_of(int32_t index, const View& output) const {
    return is_operand(index) && overlap(program_, fused_.operands[static_cast<size_t>(index)].buffer, output.buffer);
  }

  void lay_out_space() {
    const std::span<const int64_t> sizes = fused_.sizes;
    const auto outer = static_cast<size_t>(fused_.outer), reduced = static_cast<size_t>(fused_.reduced);
    plan_.elementwise = reduced == 0;
    plan_.outer = product(plan_.elementwise ? sizes : sizes.first(outer));
    plan_.reduced = product(sizes.subspan(outer, reduced));
    plan_.inner = plan_.elementwise ? 1 : product(sizes.subspan(outer + reduced));
    const LoopTiling tiling = plan_.elementwise ? choose_loop_tiling(fused_) : LoopTiling{};
    const std::vector<int64_t> walked = tiling.sizes(fused_.sizes);
    for (const View& view : fused_.operands) {
      plan_.operands.emplace_back(view, dtype_of(view), walked, tiling.strides(view.strides));
    }
    const auto kept = [&](std::vector<int64_t> all) {
      all.erase(all.begin() + fused_.outer, all.begin() + fused_.outer + fused_.reduced);
      return all;
    };
    for (const FusedOutput& output : fused_.outputs) {
      const std::vector<int64_t> strides = tiling.strides(output.view.strides);
      const Access access(output.view, dtype_of(output.view), kept(walked), kept(strides));
      plan_.outputs.push_back({output.mode, output.register_index, access});
    }
  }

  // Shorter blocks are not worth the elements that are then used in place.
  static constexpr int64_t kShortestRun = 384;

  void choose_run() {
    plan_.run = std::max<int64_t>(plan_.outer * plan_.reduced * plan_.inner, 1);
    if (plan_.inner != 1) return;
    const auto consider = [&](const Access& access) {
      if (access.run() >= kShortestRun) plan_.run = std::min(plan_.run, access.run());
    };
    for (const Access& operand : plan_.operands) consider(operand);
    for (const FusedResult& output : plan_.outputs) {
      if (plan_.elementwise) consider(output.access);
    }
  }

  // Whether the elements of a block lie in the buffer as in a register.
  bool lies_in_blocks(const Access& access) const {
    return !access.is_scalar() && access.run() > 0 && access.run() % plan_.run == 0;
  }

  void name_values() {
    std::array<int32_t, kMaxRegisters> current{};
    for (const Access& operand : plan_.operands) {
      current[plan_.values.size()] = static_cast<int32_t>(plan_.values.size());
      plan_.values.push_back({.is_float = operand.is_float()});
    }
    for (const TapeStep& tape : fused_.tape) {
      const auto named = [&](int32_t reg) { return current[static_cast<size_t>(reg)]; };
      FusedStep step{.inputs = {named(tape.a), named(tape.b), named(tape.c)},
                     .input_count = row_of(tape.op).operands,
                     .destination = static_cast<int32_t>(plan_.values.size()),
                     .immediate = static_cast<float>(tape.immediate)};
      const bool is_float = step.input_count == 0 || value(step.inputs[tape.op == TapeOp::kWhere ? 1 : 0]).is_float;
      step.function = (is_float ? loops_.float_steps : loops_.integer_steps)[static_cast<size_t>(tape.op)];
      const RegisterClass operands = is_float ? RegisterClass::kFloat : RegisterClass::kInteger;
      plan_.values.push_back({.is_float = result_class(tape.op, operands) == RegisterClass::kFloat});
      current[static_cast<size_t>(tape.destination)] = step.destination;
      tape_.push_back(step);
    }
    for (FusedResult& output : plan_.outputs) output.value = current[static_cast<size_t>(output.value)];
  }

  // Keeps the steps that an output needs, fetches each operand just before its first use, and moves what is the same
  // for all elements to the prologue.
  void schedule() {
    std::vector<bool> needed(plan_.values.size()), ready(plan_.values.size()), uniform(plan_.values.size());
    for (const FusedResult& output : plan_.outputs) needed[static_cast<size_t>(output.value)] = true;
    for (auto step = tape_.rbegin(); step != tape_.rend(); ++step) {
      if (!needed[static_cast<size_t>(step->destination)]) continue;
      for (const int32_t input : step->read()) needed[static_cast<size_t>(input)] = true;
    }
    const auto add = [&](const FusedStep& step, bool is_uniform, int64_t work) {
      (is_uniform ? plan_.prologue : plan_.steps).push_back(step);
      ready[static_cast<size_t>(step.destination)] = true;
      uniform[static_cast<size_t>(step.destination)] = is_uniform;
      if (!is_uniform) plan_.work_per_element += work;
    };
    const auto fetch = [&](int32_t operand) {
      if (!is_operand(operand) || ready[static_cast<size_t>(operand)]) return;
      const Access& access = plan_.operands[static_cast<size_t>(operand)];
      add({.destination = operand}, access.is_scalar(), lies_in_blocks(access) ? 1 : 4);
    };
    for (size_t s = 0; s < tape_.size(); ++s) {
      const FusedStep& step = tape_[s];
      if (!needed[static_cast<size_t>(step.destination)]) continue;
      bool is_uniform = true;
      for (const int32_t input : step.read()) {
        fetch(input);
        is_uniform = is_uniform && uniform[static_cast<size_t>(input)];
      }
      add(step, is_uniform, work_of(fused_.tape[s].op, value(step.destination).is_float));
    }
    for (const FusedResult& output : plan_.outputs) {
      fetch(output.value);
      plan_.work_per_element += 1;
    }
  }

  // Which of add, sub, mul and div of floats a step is.
  std::optional<size_t> arithmetic_of(const FusedStep& step) const {
    const auto* const first = loops_.float_steps + static_cast<size_t>(TapeOp::kAdd);
    const auto* const found = std::find(first, first + kArithmetic, step.function);
    return found == first + kArithmetic ? std::nullopt : std::optional(static_cast<size_t>(found - first));
  }

  // Computes a sum, difference, product or quotient in the loop of the one that reads it, when nothing else does. Of
  // two the one made last, so that its operands are not kept for long.
  void join_arithmetic() {
    std::vector<int> readers(plan_.values.size());
    std::vector<size_t> maker(plan_.values.size(), plan_.steps.size());  // of what may be joined
    const auto count = [&](const FusedStep& step) {
      for (const int32_t input : step.read()) ++readers[static_cast<size_t>(input)];
    };
    std::for_each(plan_.prologue.begin(), plan_.prologue.end(), count);
    std::for_each(plan_.steps.begin(), plan_.steps.end(), count);
    for (const FusedResult& output : plan_.outputs) ++readers[static_cast<size_t>(output.value)];
    for (size_t s = 0; s < plan_.steps.size(); ++s) {
      FusedStep& step = plan_.steps[s];
      const std::optional<size_t> second = arithmetic_of(step);
      if (!second) continue;
      const auto made = [&](int32_t input) {
        const auto i = static_cast<size_t>(input);
        return maker[i] < s && readers[i] == 1 ? static_cast<int64_t>(maker[i]) : -1;
      };
      const int64_t left = made(step.inputs[0]), right = made(step.inputs[1]);
      if (left < 0 && right < 0) {
        maker[static_cast<size_t>(step.destination)] = s;
        continue;
      }
      FusedStep& joined = plan_.steps[static_cast<size_t>(std::max(left, right))];
      const bool behind = left < right;
      step.function = loops_.joined[*arithmetic_of(joined)][*second][behind];
      step.inputs = {joined.inputs[0], joined.inputs[1], step.inputs[behind ? 0 : 1]};
      step.input_count = 3;
      joined.destination = kJoined;
      --plan_.work_per_element;
    }
    std::erase_if(plan_.steps, [](const FusedStep& step) { return step.destination == kJoined; });
  }

  // An operand that is itself an output is read where it lies after other outputs have been written.
  void protect_operands() {
    for (const FusedResult& output : plan_.outputs) {
      for (const FusedOutput& written : fused_.outputs) {
        if (is_operand_of(output.value, written.view)) value(output.value).copied = true;
      }
    }
  }

  // The position of the last step that reads each value; outputs are stored after all steps.
  std::vector<size_t> last_reads() const {
    std::vector<size_t> last(plan_.values.size());
    for (size_t s = 0; s < plan_.steps.size(); ++s) {
      for (const int32_t input : plan_.steps[s].read()) last[static_cast<size_t>(input)] = s;
    }
    for (const FusedResult& output : plan_.outputs) last[static_cast<size_t>(output.value)] = plan_.steps.size();
    return last;
  }

  // Lets a step write straight into the buffer of an output, unless it would overwrite an operand that is read later.
  void compute_in_place() {
    if (!plan_.elementwise) return;
    const std::vector<size_t> last = last_reads();
    for (size_t s = 0; s < plan_.steps.size(); ++s) {
      const FusedStep& step = plan_.steps[s];
      for (size_t o = 0; o < plan_.outputs.size(); ++o) {
        const FusedResult& output = plan_.outputs[o];
        if (!step.function || output.value != step.destination || value(output.value).direct_output >= 0) continue;
        bool allowed = lies_in_blocks(output.access);
        for (size_t operand = 0; operand < plan_.operands.size(); ++operand) {
          const bool overwritten = is_operand_of(static_cast<int32_t>(operand), fused_.outputs[o].view);
          allowed = allowed && !(overwritten && last[operand] > s);
        }
        if (allowed) value(output.value).direct_output = static_cast<int32_t>(o);
      }
    }
  }

  // A slot is free again once the last step that reads its value begins; that step may write over its own inputs.
  void assign_slots() {
    const auto take = [&](int32_t index) {
      FusedValue& taker = value(index);
      if (is_operand(index) && !taker.copied) {
        if (lies_in_blocks(plan_.operands[static_cast<size_t>(index)])) return;
      }
      std::vector<int32_t>& free = free_slots_[taker.is_float];
      if (free.empty()) {
        taker.slot = plan_.slot_count;
        plan_.slot_count += taker.is_float ? 1 : 2;
      } else {
        taker.slot = free.back();
        free.pop_back();
      }
    };
    for (const FusedStep& step : plan_.prologue) take(step.destination);
    const std::vector<size_t> last = last_reads();
    std::vector<bool> recycled(plan_.values.size());
    for (const FusedStep& step : plan_.prologue) recycled[static_cast<size_t>(step.destination)] = true;
    for (size_t s = 0; s < plan_.steps.size(); ++s) {
      const FusedStep& step = plan_.steps[s];
      for (const int32_t input : step.read()) {
        if (last[static_cast<size_t>(input)] != s || recycled[static_cast<size_t>(input)]) continue;
        recycled[static_cast<size_t>(input)] = true;
        if (value(input).slot >= 0) free_slots_[value(input).is_float].push_back(value(input).slot);
      }
      if (value(step.destination).direct_output < 0) take(step.destination);
    }
  }

  static constexpr int32_t kJoined = -1;  // the destination of a step that another one took over

  const Program& program_;
  const Fused& fused_;
  const VectorLoops& loops_;
  FusedPlan plan_{};
  std::vector<FusedStep> tape_;
  std::array<std::vector<int32_t>, 2> free_slots_;  // of integers, of floats
};

}  // namespace

FusedPlan plan_fused(const Program& program, const Fused& fused, const VectorLoops& loops) {
  return Planner(program, fused, loops).plan();
}

}  // namespace bilevel::cpu
