// Writes encoded programs by hand, word by word as in docs/program-format.md.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <vector>

#include "program/program.h"

namespace bilevel::test {

class Encoder {
 public:
  // Each returns the number of the new binding or buffer.
  int32_t binding(DType dtype, int64_t count, Access access, bool per_step = false);
  int32_t bound(int32_t binding);  // the buffer of a binding
  int32_t arena(DType dtype, int64_t count);
  int32_t constant(const std::vector<float>& values);

  void prologue(Opcode opcode, std::vector<double> words) { append(prologue_, opcode, std::move(words)); }
  void body(Opcode opcode, std::vector<double> words) { append(body_, opcode, std::move(words)); }

  std::vector<double> words() const;
  const std::vector<std::byte>& constants() const { return constants_; }

 private:
  using Instructions = std::vector<std::vector<double>>;
  static void append(Instructions& to, Opcode opcode, std::vector<double> words);
  int32_t buffer(BufferKind kind, int64_t where, DType dtype, int64_t count);

  std::vector<std::vector<double>> bindings_, buffers_;
  Instructions prologue_, body_;
  std::vector<std::byte> constants_;
  int64_t arena_bytes_ = 0;
};

Program decoded(const Encoder& program);

// The words of a fused instruction without reductions that computes `op` of contiguous operands into `output`.
std::vector<double> elementwise(int64_t size, TapeOp op, std::initializer_list<int32_t> operands, int32_t output);

}  // namespace bilevel::test
