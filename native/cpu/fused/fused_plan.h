// A fused instruction as the kernel runs it: dead steps gone, registers renamed so that each is written once, and given
// the few scratch slots that are alive at the same time.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "cpu/fused/access.h"
#include "cpu/kernel/kernel.h"
#include "cpu/vector/vector_loops.h"

namespace bilevel::cpu {

// A value is an operand or the result of a tape step: an array of one block of elements, in scratch memory or at a
// place in a buffer where the elements lie in the same order and representation.
struct FusedValue {
  bool is_float = true;
  bool copied = false;         // an operand that must be read before outputs are written: never used in place
  int32_t slot = -1;           // of scratch memory, in units of one float block (integers take two)
  int32_t direct_output = -1;  // the output in whose buffer the value is computed
};

struct FusedStep {
  VectorLoops::Step function = nullptr;  // null: fetch the operand `destination`
  std::array<int32_t, 3> inputs{};
  int32_t input_count = 0;
  int32_t destination = 0;
  float immediate = 0;

  std::span<const int32_t> read() const { return {inputs.data(), static_cast<size_t>(input_count)}; }
};

struct FusedResult {
  OutputMode mode;
  int32_t value;
  Access access;  // over the kept dimensions
};

struct FusedPlan {
  bool elementwise;
  int64_t outer, reduced, inner;  // element counts; the last two are 1 when elementwise
  int64_t run;                    // of elements: a block lies between two of its multiples
  std::vector<Access> operands;   // of the first values
  std::vector<FusedValue> values;
  std::vector<FusedStep> prologue;  // what is the same for all elements: once per run and thread
  std::vector<FusedStep> steps;     // once per block
  std::vector<FusedResult> outputs;
  int32_t slot_count = 0;
  int64_t work_per_element = 0;  // in the unit of useful_threads
};

FusedPlan plan_fused(const Program& program, const Fused& fused, const VectorLoops& loops);

}  // namespace bilevel::cpu
