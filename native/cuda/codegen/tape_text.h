// The inside of a fused instruction: loads, the steps of the tape, stores, at an index of the iteration space.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "cuda/codegen/kernel_text.h"
#include "program/program.h"
#include "program/tape.h"

namespace bilevel::cuda {

class TapeText {
 public:
  // `neighbours`: how many elements along the last dimension, 1 or 4, are computed together; values are arrays of as
  // many.
  TapeText(KernelText& text, const Program& program, const Fused& fused, int neighbours);

  // Names the indices i0, i1, ... of dimensions from `first` to `last` - 1 at a row-major position among them.
  void split(std::string_view position, size_t first, size_t last);
  // Loads the operands and executes the tape.
  void evaluate();
  void store_outputs();

  // The name of what a register holds.
  const std::string& value_of(int32_t register_index) const;
  // The element of a view at the indices.
  std::string element(const std::string& base, const View& view) const;

 private:
  struct Register {
    std::string name;
    RegisterClass kind;
  };

  void load(const std::string& value, const std::string& base, const View& view);
  void step(const TapeStep& step);
  // A value, or its part `l` of a loop over the neighbours.
  std::string part(const std::string& value) const;
  // `statement` for every neighbour.
  void each(const std::string& statement);
  void declare(const std::string& value, RegisterClass kind, const std::string& expression);
  bool in_one_access(const View& view) const;

  KernelText& text_;
  const Program& program_;
  const Fused& fused_;
  const int neighbours_;
  std::array<Register, kMaxRegisters> registers_;
  int values_ = 0;
};

// Whether four neighbours can be computed together: the last dimension is a multiple of four, and floats that lie side
// by side begin at multiples of 16 bytes.
bool takes_four(const Program& program, const Fused& fused);

}  // namespace bilevel::cuda
