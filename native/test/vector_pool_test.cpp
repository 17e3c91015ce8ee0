// The pooling loops of every instruction set that this machine has.
#include <limits>
#include <vector>

#include "cpu/vector/loops.h"
#include "test/test.h"
#include "test/workbench.h"

namespace bilevel::test {
namespace {

using cpu::VectorLoops;

size_t at(int64_t index) { return static_cast<size_t>(index); }

void check_split(const VectorLoops& loops, Random& random, int64_t stride, int64_t n) {
  // No cell more than may be read, and a gap behind every phase.
  std::vector<float> x;
  for (int64_t i = 0; i < n; ++i) x.push_back(static_cast<float>(random.integer(-9, 9)));
  const int64_t pitch = n / stride + 3;
  std::vector<int64_t> starts;
  for (int64_t p = 0; p < stride; ++p) starts.push_back(p * pitch + 1);
  std::vector<float> to(at(stride * pitch + 1), 99.0f), expected = to;
  for (int64_t i = 0; i < n; ++i) expected[at(starts[at(i % stride)] + i / stride)] = x[at(i)];
  loops.pooling.split(to.data(), starts.data(), x.data(), stride, n);
  CHECK(to == expected, "stride", stride, "n", n);
}

TEST(every_instruction_set_splits_cells_by_phase) {
  Random random(1);
  for (const VectorLoops* loops : cpu::supported_vector_loops()) {
    for (int64_t stride = 1; stride <= 4; ++stride) {
      for (int64_t n = 1; n <= 70; ++n) check_split(*loops, random, stride, n);
    }
  }
}

void check_max(const VectorLoops& loops, Random& random, int64_t tap_count, int64_t n) {
  constexpr float kNothing = -std::numeric_limits<float>::infinity(), kNaN = std::numeric_limits<float>::quiet_NaN();
  const auto cell = [&] { return random.pick<float>({kNothing, kNothing, kNaN, -1.0f, 0.0f, 2.0f}); };
  const bool only_nothing = random.chance(0.1), never_nothing = random.chance(0.3);
  const int64_t gap = n + 3;
  std::vector<float> x(at(tap_count * gap + cpu::kRegisterSlack));
  for (float& value : x) value = only_nothing ? kNothing : never_nothing ? 1.0f : cell();
  std::vector<uint32_t> corners;
  for (int64_t i = 0; i < n + cpu::kRegisterSlack; ++i) corners.push_back(static_cast<uint32_t>(100 * i));
  std::vector<VectorLoops::Tap> taps;
  for (int64_t t = 0; t < tap_count; ++t) taps.push_back({t * gap, static_cast<uint32_t>(7 * t)});
  // The origin may lie before the plane, in the padding.
  constexpr uint32_t kOrigin = static_cast<uint32_t>(-7);
  for (int64_t i = 0; i < n; ++i) x[at(i)] = kNothing;  // so does the first tap

  std::vector<int32_t> index(at(n + 1), 55), expected(at(n), -1);
  bool all_won = true;
  for (int64_t i = 0; i < n; ++i) {
    float best = kNothing;
    for (int64_t t = 0; t < tap_count; ++t) {
      const float value = x[at(t * gap + i)];
      if (!(value > best || (value != value && best == best))) continue;
      best = value;
      expected[at(i)] = static_cast<int32_t>(100 * i + 7 * t - 7);
    }
    all_won = all_won && expected[at(i)] >= 0;
  }
  expected.push_back(55);
  const bool result = loops.pooling.max(index.data(), x.data(), taps.data(), tap_count, corners.data(), kOrigin, n);
  CHECK(index == expected, "taps", tap_count, "n", n);
  CHECK(result == all_won, "taps", tap_count, "n", n);
}

TEST(every_instruction_set_finds_the_first_largest_cell) {
  Random random(2);
  for (const VectorLoops* loops : cpu::supported_vector_loops()) {
    for (int64_t n = 0; n <= 70; ++n) {
      for (int64_t tap_count = 1; tap_count <= 6; ++tap_count) check_max(*loops, random, tap_count, n);
    }
  }
}

}  // namespace
}  // namespace bilevel::test
