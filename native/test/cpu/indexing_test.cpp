#include <cmath>
#include <limits>

#include "program/error.h"
#include "test/cpu/workbench.h"
#include "test/support/test.h"

namespace bilevel::test {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

const std::vector<DType> kDTypes = {DType::kFloat32, DType::kInt32, DType::kInt64, DType::kBool};
const std::vector<DType> kIndexDTypes = {DType::kInt32, DType::kInt64};

std::vector<double> values_of(Random& random, DType dtype, int64_t count) {
  return dtype == DType::kFloat32 ? random.reals(count) : random.integers(count, 0, dtype == DType::kBool ? 1 : 1000);
}

struct Sizes {
  int64_t outer, size, inner, count;
};

// Small shapes with empty dimensions, and some that are large enough for two threads.
Sizes sizes_of(Random& random, int round) {
  if (round % 20 == 19) return {random.integer(1, 3), 500, random.pick<int64_t>({1, 160}), 4000};
  const int64_t size = random.integer(0, 6);
  return {random.integer(0, 4), size, random.pick<int64_t>({0, 1, 2, 17}), size == 0 ? 0 : random.integer(0, 9)};
}

size_t at(int64_t index) { return static_cast<size_t>(index); }

TEST(gather_moves_any_dtype) {
  Random random(1);
  for (int round = 0; round < 120; ++round) {
    const auto [outer, size, inner, count] = sizes_of(random, round);
    Workbench bench;
    const DType dtype = random.pick(kDTypes);
    const std::vector<double> x = values_of(random, dtype, outer * size * inner);
    const std::vector<double> indices = random.integers(count, 0, size - 1);
    const int32_t result = bench.add_result(dtype, outer * count * inner);
    const int32_t index = bench.add(random.pick(kIndexDTypes), indices);
    bench.run(Gather{outer, size, inner, count, bench.add(dtype, x), index, result}, round % 2 + 1);
    std::vector<double> expected;
    for (int64_t o = 0; o < outer; ++o) {
      for (const double j : indices) {
        for (int64_t i = 0; i < inner; ++i) expected.push_back(x[at((o * size + static_cast<int64_t>(j)) * inner + i)]);
      }
    }
    check_close(bench.values(result), expected, 0, 1, "gather");
  }
}

TEST(scatter_add_adds_repeated_indices) {
  Random random(2);
  for (int round = 0; round < 120; ++round) {
    const auto [outer, size, inner, count] = sizes_of(random, round);
    Workbench bench;
    const std::vector<double> x = random.reals(outer * count * inner);
    const std::vector<double> indices = random.integers(count, 0, size - 1);
    const int32_t result = bench.add_result(DType::kFloat32, outer * size * inner);
    const int32_t index = bench.add(random.pick(kIndexDTypes), indices);
    bench.run(ScatterAdd{outer, size, inner, count, bench.add(DType::kFloat32, x), index, result}, round % 2 + 1, 2);
    std::vector<double> expected(at(outer * size * inner));
    for (int64_t o = 0; o < outer; ++o) {
      for (int64_t j = 0; j < count; ++j) {
        for (int64_t i = 0; i < inner; ++i) {
          expected[at((o * size + static_cast<int64_t>(indices[at(j)])) * inner + i)] +=
              x[at((o * count + j) * inner + i)];
        }
      }
    }
    check_close(bench.values(result), expected, 1e-6, 30, "scatterAdd");
  }
}

TEST(gather_elements_moves_any_dtype) {
  Random random(3);
  for (int round = 0; round < 120; ++round) {
    const auto [rows, size, unused, count] = sizes_of(random, round);
    Workbench bench;
    const DType dtype = random.pick(kDTypes);
    const std::vector<double> x = values_of(random, dtype, rows * size);
    const std::vector<double> indices = random.integers(rows * count, 0, size - 1);
    const int32_t result = bench.add_result(dtype, rows * count);
    const int32_t index = bench.add(random.pick(kIndexDTypes), indices);
    bench.run(GatherElements{rows, size, count, bench.add(dtype, x), index, result}, round % 2 + 1);
    std::vector<double> expected;
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t j = 0; j < count; ++j) {
        expected.push_back(x[at(r * size + static_cast<int64_t>(indices[at(r * count + j)]))]);
      }
    }
    check_close(bench.values(result), expected, 0, 1, "gatherElements");
  }
}

TEST(scatter_add_elements_adds_repeated_indices) {
  Random random(4);
  for (int round = 0; round < 120; ++round) {
    const auto [rows, size, unused, count] = sizes_of(random, round);
    Workbench bench;
    const std::vector<double> x = random.reals(rows * count);
    const std::vector<double> indices = random.integers(rows * count, 0, size - 1);
    const int32_t result = bench.add_result(DType::kFloat32, rows * size);
    const int32_t index = bench.add(random.pick(kIndexDTypes), indices);
    bench.run(ScatterAddElements{rows, size, count, bench.add(DType::kFloat32, x), index, result}, round % 2 + 1, 2);
    std::vector<double> expected(at(rows * size));
    for (int64_t i = 0; i < rows * count; ++i) {
      expected[at(i / count * size + static_cast<int64_t>(indices[at(i)]))] += x[at(i)];
    }
    check_close(bench.values(result), expected, 1e-6, 30, "scatterAddElements");
  }
}

TEST(set_rows_writes_in_order_and_in_place) {
  Random random(5);
  for (int round = 0; round < 120; ++round) {
    const auto [unused, size, inner, count] = sizes_of(random, round);
    Workbench bench;
    const DType dtype = random.pick(kDTypes);
    const std::vector<double> target = values_of(random, dtype, size * inner),
                              rows = values_of(random, dtype, count * inner);
    const std::vector<double> indices = random.integers(count, 0, size - 1);
    const int32_t x = bench.add(dtype, target);
    const int32_t result = random.chance(0.5) ? x : bench.add_result(dtype, size * inner);
    const int32_t index = bench.add(random.pick(kIndexDTypes), indices);
    bench.run(SetRows{size, inner, count, x, index, bench.add(dtype, rows), result}, 2);
    std::vector<double> expected = target;
    for (int64_t i = 0; i < count * inner; ++i) {
      expected[at(static_cast<int64_t>(indices[at(i / inner)]) * inner + i % inner)] = rows[at(i)];
    }
    check_close(bench.values(result), expected, 0, 1, "setRows");
  }
}

void check_refused(Workbench& bench, const Operation& operation, int32_t result, const std::string& expected,
                   int threads = 1) {
  const std::vector<std::byte> before = bench.bytes(result);
  std::string message;
  try {
    bench.run(operation, threads);
  } catch (const Error& error) {
    CHECK(std::string(error.code()) == "INDEX_OUT_OF_RANGE");
    message = error.what();
  }
  CHECK(message == expected, message);
  CHECK(bench.bytes(result) == before);
}

TEST(an_index_out_of_range_stops_before_memory_is_touched) {
  for (const DType dtype : kIndexDTypes) {
    for (const double wrong : {-1.0, 3.0, -2147483648.0, 2147483647.0}) {
      Workbench bench;
      const int32_t x = bench.add(DType::kFloat32, {1, 2, 3, 4, 5, 6}), result = bench.add_result(DType::kFloat32, 6);
      const int32_t indices = bench.add(dtype, {0, wrong});
      const std::string expected = "The index at position 1 is " + std::to_string(static_cast<int64_t>(wrong)) +
                                   "; expected an index in 0 .. 2.";
      check_refused(bench, Gather{1, 3, 2, 2, x, indices, result}, result, expected);
      check_refused(bench, ScatterAdd{1, 3, 2, 2, x, indices, result}, result, expected);
      check_refused(bench, GatherElements{1, 3, 2, x, indices, result}, result, expected);
      check_refused(bench, ScatterAddElements{1, 3, 2, x, indices, result}, result, expected);
      check_refused(bench, SetRows{3, 2, 2, x, indices, x, result}, result, expected);
    }
  }
  Workbench bench;
  const int32_t empty = bench.add_result(DType::kFloat32, 0), index = bench.add(DType::kInt32, {0});
  check_refused(bench, ScatterAdd{1, 0, 1, 1, index, index, empty}, empty,
                "The index at position 0 is 0; no index is possible, the dimension is empty.");
}

// Enough indices for two threads, and wrong ones in the share of the second.
TEST(the_first_of_many_indices_out_of_range_is_named) {
  constexpr int64_t kRows = 300, kCount = 701, kSize = 40;
  Random random(8);
  for (const DType dtype : kIndexDTypes) {
    for (const int64_t first : {int64_t{0}, kRows * kCount * 2 / 3, kRows * kCount - 2}) {
      Workbench bench;
      std::vector<double> indices = random.integers(kRows * kCount, 0, kSize - 1);
      indices[at(first)] = kSize;
      indices.back() = -1;
      const int32_t x = bench.add(DType::kFloat32, random.reals(kRows * kCount));
      const int32_t result = bench.add_result(DType::kFloat32, kRows * kCount);
      const std::string expected =
          "The index at position " + std::to_string(first) + " is 40; expected an index in 0 .. 39.";
      const int32_t index = bench.add(dtype, indices);
      check_refused(bench, GatherElements{kRows, kSize, kCount, x, index, result}, result, expected, 2);
      check_refused(bench, ScatterAddElements{kRows, kSize, kCount, x, index, result}, result, expected, 2);
    }
  }
}

TEST(arg_max_takes_the_first_largest_and_nan_wins) {
  Workbench bench;
  const double infinity = std::numeric_limits<double>::infinity();
  const int32_t x =
      bench.add(DType::kFloat32, {1, 5, 5, 2, kNaN, kNaN, -infinity, -infinity, -infinity, 3, kNaN, infinity});
  const int32_t y = bench.add_result(DType::kInt64, 4);
  bench.run(ArgMax{4, 3, 1, x, y});
  check_close(bench.values(y), {1, 1, 0, 1}, 0, 1, "argMax");

  Random random(6);
  for (int round = 0; round < 40; ++round) {
    const int64_t outer = random.integer(0, 40), size = random.integer(1, 30),
                  inner = random.pick<int64_t>({0, 1, 3, 20});
    Workbench large;
    const std::vector<double> values = random.integers(outer * size * inner, -9, 9);
    const int32_t result = large.add_result(DType::kInt64, outer * inner);
    large.run(ArgMax{outer, size, inner, large.add(DType::kFloat32, values), result}, 2);
    std::vector<double> expected;
    for (int64_t i = 0; i < outer * inner; ++i) {
      const auto value = [&](int64_t j) { return values[at((i / inner * size + j) * inner + i % inner)]; };
      int64_t best = 0;
      for (int64_t j = 1; j < size; ++j) best = value(j) > value(best) ? j : best;
      expected.push_back(static_cast<double>(best));
    }
    check_close(large.values(result), expected, 0, 1, "argMax");
  }
}

// The known answer of the Random123 distribution for philox4x32 with 10 rounds, all counters and keys zero.
TEST(random_uniform_is_philox) {
  Workbench bench;
  const int32_t key = bench.add(DType::kInt32, {0, 0}), y = bench.add_result(DType::kFloat32, 4);
  bench.run(RandomUniform{4, key, y});
  std::vector<double> expected;
  for (const uint32_t word : {0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u}) {
    expected.push_back(static_cast<double>(word >> 8) / 16777216.0);
  }
  check_close(bench.values(y), expected, 0, 1, "randomUniform");
}

TEST(random_uniform_is_one_stream_for_every_length_and_team) {
  Workbench bench;
  const int32_t key = bench.add(DType::kInt32, {-123456789, 42});
  const int32_t all = bench.add_result(DType::kFloat32, 100003), again = bench.add_result(DType::kFloat32, 100003);
  bench.run(RandomUniform{100003, key, all}, 1);
  bench.run(RandomUniform{100003, key, again}, 2);
  CHECK(bench.bytes(all) == bench.bytes(again));
  const std::vector<double> stream = bench.values(all);
  double mean = 0;
  for (const double value : stream) {
    CHECK(value >= 0 && value < 1, value);
    mean += value / static_cast<double>(stream.size());
  }
  CHECK(std::abs(mean - 0.5) < 0.004, mean);
  for (const int64_t count : {0, 1, 2, 3, 5, 63}) {
    const int32_t some = bench.add_result(DType::kFloat32, count);
    bench.run(RandomUniform{count, key, some}, 2);
    check_close(bench.values(some), {stream.begin(), stream.begin() + count}, 0, 1, "prefix");
  }
}

}  // namespace
}  // namespace bilevel::test
