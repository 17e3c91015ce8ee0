// When what a binding held before a run does not matter.
#include "program/overwritten.h"

#include <vector>

#include "test/support/encoder.h"
#include "test/support/test.h"

namespace bilevel::test {
namespace {

constexpr auto kF = DType::kFloat32;
constexpr int64_t kCount = 6;

// Words of an instruction that writes `count` elements of y, from `offset` on in steps of `stride`.
std::vector<double> write(int32_t x, int32_t y, int64_t count, int64_t offset, int64_t stride) {
  std::vector<double> words = elementwise(count, TapeOp::kNeg, {x}, y);
  words[words.size() - 2] = static_cast<double>(offset);
  words[words.size() - 1] = static_cast<double>(stride);
  return words;
}

struct Write {
  int64_t count, offset, stride;
};

// Of a binding that the step writes so, another one that it overwrites beside it.
bool overwrites(const std::vector<Write>& writes, Access access = Access::kWrite) {
  Encoder program;
  const int32_t x = program.bound(program.binding(kF, kCount, Access::kRead));
  const int32_t binding = program.binding(kF, kCount, access);
  const int32_t y = program.bound(binding), z = program.bound(program.binding(kF, kCount, Access::kWrite));
  program.body(Opcode::kFused, elementwise(kCount, TapeOp::kNeg, {x}, z));
  for (const auto& [count, offset, stride] : writes) program.body(Opcode::kFused, write(x, y, count, offset, stride));
  return is_overwritten(decoded(program), static_cast<size_t>(binding));
}

TEST(a_binding_is_overwritten_by_an_instruction_that_writes_all_of_it) {
  CHECK(overwrites({{kCount, 0, 1}}));
  CHECK(overwrites({{kCount, kCount - 1, -1}}), "from the end to the front");
  CHECK(overwrites({{2, 0, 1}, {kCount, 0, 1}}), "behind one that writes a part");
  CHECK(overwrites({{kCount, 0, 1}}, Access::kReadWrite), "whatever is read of it");
}

TEST(a_binding_is_not_overwritten_in_parts) {
  CHECK(!overwrites({}));
  CHECK(!overwrites({{kCount - 1, 0, 1}}), "all but the last element");
  CHECK(!overwrites({{kCount - 1, 1, 1}}), "all but the first one");
  CHECK(!overwrites({{kCount / 2, 0, 2}}), "every other one");
  CHECK(!overwrites({{2, 0, kCount - 1}}), "the first and the last one");
  CHECK(!overwrites({{3, 0, 1}, {3, 3, 1}}), "by two instructions, each of which could be left out");
}

TEST(only_what_a_step_writes_counts) {
  Encoder program;
  const int32_t x = program.bound(program.binding(kF, kCount, Access::kRead)), y = program.arena(kF, kCount);
  program.binding(kF, kCount, Access::kWrite);
  program.body(Opcode::kFused, elementwise(kCount, TapeOp::kNeg, {x}, y));
  const Program made = decoded(program);
  CHECK(!is_overwritten(made, 0), "what is read");
  CHECK(!is_overwritten(made, 1), "what no instruction names");
}

}  // namespace
}  // namespace bilevel::test
