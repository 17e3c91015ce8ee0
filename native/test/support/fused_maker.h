// Random fused instructions over buffers of a workbuffers.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "program/program.h"
#include "test/support/guarded_buffers.h"
#include "test/support/values.h"

namespace bilevel::test {

class FusedMaker {
 public:
  FusedMaker(GuardedBuffers& buffers, Random& random) : buffers_(buffers), random_(random) {}

  Fused make(std::vector<int64_t> sizes, int32_t outer, int32_t reduced);

 private:
  // Strides for a buffer in which the dimensions lie in a random order, some repeated, some backwards, some with gaps.
  View random_view(bool may_repeat, int64_t& count);
  void add_operand();
  int32_t pick_register(bool wanted_float);
  void add_step();
  // Few registers, so that they are written again.
  int32_t next_register();
  void add_output();
  // In place: the same view of an operand that no other output has taken and whose elements are all different.
  void write_over_an_operand(FusedOutput& output, DType dtype);

  GuardedBuffers& buffers_;
  Random& random_;
  Fused fused_;
  std::array<bool, kMaxRegisters> classes_{};
  std::vector<int32_t> written_;
};

}  // namespace bilevel::test
