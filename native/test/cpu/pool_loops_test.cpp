// The pooling loops of every instruction set that this machine has.
#include <limits>
#include <vector>

#include "cpu/pool/pool_loops.h"
#include "test/cpu/workbench.h"
#include "test/support/test.h"

namespace bilevel::test {
namespace {

using cpu::PoolLoops;

size_t at(int64_t index) { return static_cast<size_t>(index); }

void check_rows(const PoolLoops& loops, Random& random, int64_t stride, int64_t n) {
  // No cell more than may be touched, and gaps between the rows and behind every phase.
  constexpr int64_t kRows = 3;
  std::vector<float> x;
  for (int64_t i = 0; i < kRows * n; ++i) x.push_back(static_cast<float>(random.integer(-9, 9)));
  const int64_t pitch = n / stride + 3, block = stride * pitch;
  std::vector<int64_t> starts;
  for (int64_t p = 0; p < stride; ++p) starts.push_back(p * pitch + 1);
  const std::vector<PoolLoops::Row> table = {{0, 2 * block}, {n, 0}, {-n, block}};
  const PoolLoops::Rows rows{table.data(), kRows, n, n, starts.data(), stride};
  std::vector<float> scratch(at(kRows * block + 1), 99.0f), expected = scratch;
  for (const auto& [from, to] : table) {
    for (int64_t i = 0; i < n; ++i) expected[at(to + starts[at(i % stride)] + i / stride)] = -2 * x[at(n + from + i)];
  }
  loops.split(scratch.data(), x.data(), rows, -2.0f);
  CHECK(scratch == expected, "stride", stride, "n", n);
}

TEST(every_instruction_set_splits_rows_by_phase) {
  Random random(1);
  for (const PoolLoops* loops : cpu::supported_pool_loops()) {
    for (int64_t stride = 1; stride <= 4; ++stride) {
      for (int64_t n = 1; n <= 70; ++n) check_rows(*loops, random, stride, n);
    }
  }
}

void check_max(const PoolLoops& loops, Random& random, int64_t tap_count, int64_t n) {
  constexpr float kNothing = -std::numeric_limits<float>::infinity(), kNaN = std::numeric_limits<float>::quiet_NaN();
  const auto cell = [&] { return random.pick<float>({kNothing, kNothing, kNaN, -1.0f, 0.0f, 2.0f}); };
  const bool only_nothing = random.chance(0.1), never_nothing = random.chance(0.3);
  const int64_t gap = n + 3;
  std::vector<float> x(at(tap_count * gap + cpu::kPoolSlack));
  for (float& value : x) value = only_nothing ? kNothing : never_nothing ? 1.0f : cell();
  std::vector<uint32_t> corners;
  for (int64_t i = 0; i < n + cpu::kPoolSlack; ++i) corners.push_back(static_cast<uint32_t>(100 * i));
  std::vector<PoolLoops::Tap> taps;
  for (int64_t t = 0; t < tap_count; ++t) taps.push_back({t * gap, static_cast<uint32_t>(7 * t)});
  // The origin may lie before the plane, in the padding.
  constexpr uint32_t kOrigin = static_cast<uint32_t>(-7);
  for (int64_t i = 0; i < n; ++i) x[at(i)] = kNothing;  // so does the first tap
  const PoolLoops::Windows windows{taps.data(), tap_count, corners.data(), kOrigin, n};

  std::vector<int32_t> index(at(n + 1), 55), expected(at(n), -1);
  std::vector<float> y(at(n + 1), 55.0f), largest(at(n), kNothing);
  bool all_won = true;
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t t = 0; t < tap_count; ++t) {
      const float value = x[at(t * gap + i)];
      float& best = largest[at(i)];
      if (!(value > best || (value != value && best == best))) continue;
      best = value;
      expected[at(i)] = static_cast<int32_t>(100 * i + 7 * t - 7);
    }
    all_won = all_won && expected[at(i)] >= 0;
  }
  expected.push_back(55);
  largest.push_back(55.0f);
  const bool result = loops.max(index.data(), y.data(), x.data(), windows);
  CHECK(index == expected, "taps", tap_count, "n", n);
  for (int64_t i = 0; i <= n; ++i)
    CHECK(y[at(i)] == largest[at(i)] || (y[at(i)] != y[at(i)] && largest[at(i)] != largest[at(i)]));
  CHECK(result == all_won, "taps", tap_count, "n", n);
}

TEST(every_instruction_set_finds_the_first_largest_cell) {
  Random random(2);
  for (const PoolLoops* loops : cpu::supported_pool_loops()) {
    for (int64_t n = 0; n <= 70; ++n) {
      for (int64_t tap_count = 1; tap_count <= 6; ++tap_count) check_max(*loops, random, tap_count, n);
    }
  }
}

}  // namespace
}  // namespace bilevel::test
