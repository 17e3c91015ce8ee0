// Instructions read and write what the decoded program says of them, and nothing else.
#include <map>
#include <utility>
#include <vector>

#include "cpu/make_kernel.h"
#include "test/cpu/workbench.h"
#include "test/support/encoder.h"
#include "test/support/program_samples.h"
#include "test/support/test.h"

namespace bilevel::test {
namespace {

// The memory of a program, by Footprint::space.
using Spaces = std::map<int32_t, std::vector<std::byte>>;

template <typename Body>
void each_byte(const Footprint& footprint, Body&& body) {
  std::vector<int64_t> places = {footprint.start};
  for (const auto& [size, stride] : footprint.dimensions) {
    const std::vector<int64_t> before = std::move(places);
    places.clear();
    for (int64_t i = 0; i < size; ++i) {
      for (const int64_t place : before) places.push_back(place + i * stride);
    }
  }
  for (const int64_t place : places) {
    for (int64_t byte = place; byte < place + footprint.width; ++byte) body(static_cast<size_t>(byte));
  }
}

// Zero what is read, which is a valid index everywhere, and fill the rest.
Spaces memory_of(const Program& program, const Instruction& instruction, std::byte rubbish) {
  Spaces spaces;
  spaces[0].resize(static_cast<size_t>(program.arena_bytes), rubbish);
  spaces[1].resize(static_cast<size_t>(program.constant_bytes), rubbish);
  for (const Buffer& buffer : program.buffers) {
    if (buffer.kind != BufferKind::kBinding) continue;
    const auto bytes = buffer.element_count * kDTypeBytes[static_cast<size_t>(buffer.dtype)];
    spaces[footprint_of(buffer).space].resize(static_cast<size_t>(bytes), rubbish);
  }
  for (const auto& [written, footprint] : instruction.touched) {
    if (!written) each_byte(footprint, [&](size_t byte) { spaces[footprint.space][byte] = std::byte{0}; });
  }
  return spaces;
}

Spaces after(const Program& program, const Instruction& instruction, std::byte rubbish) {
  Spaces spaces = memory_of(program, instruction, rubbish);
  std::vector<std::byte*> addresses;
  for (const Buffer& buffer : program.buffers) {
    const Footprint first = footprint_of(buffer);
    addresses.push_back(spaces[first.space].data() + first.start);
  }
  run_kernel(*cpu::make_kernel(program, instruction.operation, {2}), {addresses.data()});
  return spaces;
}

TEST(instructions_touch_what_they_say) {
  size_t checked = 0;
  for (const Encoder& sample : sample_programs()) {
    const Program program = decoded(sample);
    for (const Instruction& instruction : program.body) {
      constexpr std::byte kOne{0xA5}, kOther{0x5A};
      Spaces one = after(program, instruction, kOne), other = after(program, instruction, kOther);
      // What is written does not depend on what is not read ...
      const Spaces before = memory_of(program, instruction, kOne);
      for (const auto& [written, footprint] : instruction.touched) {
        if (!written) continue;
        each_byte(footprint, [&](size_t byte) {
          CHECK(one[footprint.space][byte] == other[footprint.space][byte], "byte", byte);
          one[footprint.space][byte] = before.at(footprint.space)[byte];
          ++checked;
        });
      }
      // ... and all else stays as it was.
      CHECK(one == before);
    }
  }
  CHECK(checked > 1000, checked);
}

}  // namespace
}  // namespace bilevel::test
