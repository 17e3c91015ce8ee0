#include <algorithm>
#include <cmath>
#include <limits>

#include "cpu/matmul/product_loops.h"
#include "test/cpu/workbench.h"
#include "test/support/test.h"

namespace bilevel::test {
namespace {

struct Element {
  double value, tolerance;
};

// The sum of k products in float64, and how far float32 may be from it: each product passes through at most k
// roundings, in whatever order they are added.
template <typename A, typename B>
Element dot(int64_t k, const A& a, const B& b) {
  double sum = 0, magnitude = 0;
  for (int64_t l = 0; l < k; ++l) {
    sum += a(l) * b(l);
    magnitude += std::abs(a(l) * b(l));
  }
  const double roundings = static_cast<double>(k) * 0x1p-24;
  return {sum, std::isfinite(magnitude) ? roundings / (1 - roundings) * magnitude : 0};
}

bool agrees(double actual, const Element& expected) {
  if (!std::isfinite(expected.value)) return std::isnan(expected.value) ? std::isnan(actual) : actual == expected.value;
  return std::abs(actual - expected.value) <= expected.tolerance;
}

struct Shape {
  int64_t batch, m, n, k;
  bool transpose_a, transpose_b;
};

// Values of which about `special` are NaN or infinite.
std::vector<double> reals(Random& random, int64_t count, double special) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const std::vector<double> specials = {kInfinity, -kInfinity, std::numeric_limits<double>::quiet_NaN(), 0};
  std::vector<double> values = random.reals(count);
  for (double& value : values) {
    if (special > 0 && random.chance(special)) value = random.pick(specials);
  }
  return values;
}

void check_matmul(Random& random, const Shape& s, int threads, double special = 0) {
  const auto [batch, m, n, k, transpose_a, transpose_b] = s;
  Workbench bench;
  const int64_t offset = random.integer(0, 3);
  const std::vector<double> a = reals(random, offset + batch * m * k, special);
  const std::vector<double> b = reals(random, offset + batch * k * n, special);
  const int32_t x = bench.add(DType::kFloat32, a), y = bench.add(DType::kFloat32, b);
  const int32_t z = bench.add_result(DType::kFloat32, offset + batch * m * n);
  const std::vector<std::byte> before = bench.bytes(z);
  bench.run(Matmul{batch, m, n, k, transpose_a, transpose_b, x, offset, y, offset, z, offset}, threads);
  const std::vector<double> after = bench.values(z);
  CHECK(std::equal(before.begin(), before.begin() + 4 * offset, bench.bytes(z).begin()));
  for (int64_t i = 0; i < batch * m * n; ++i) {
    const int64_t product = i / (m * n), row = i / n % m, column = i % n;
    const auto at_a = [&, first = offset + product * m * k](int64_t l) {
      return a[static_cast<size_t>(first + (transpose_a ? l * m + row : row * k + l))];
    };
    const auto at_b = [&, first = offset + product * k * n](int64_t l) {
      return b[static_cast<size_t>(first + (transpose_b ? column * k + l : l * n + column))];
    };
    const double actual = after[static_cast<size_t>(offset + i)];
    const Element expected = dot(k, at_a, at_b);
    CHECK(agrees(actual, expected), "batch", batch, "m", m, "n", n, "k", k, "transposed", transpose_a, transpose_b,
          "threads", threads, "element", i, "is", actual, "not", expected.value);
  }
}

TEST(matmul_agrees_with_its_definition) {
  Random random(1);
  const std::vector<int64_t> sizes = {0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 15, 16, 17, 25, 31, 33, 49, 65};
  for (int i = 0; i < 1200; ++i) {
    const int64_t batch = random.pick<int64_t>({0, 1, 1, 1, 2, 9});
    check_matmul(random, {batch, random.pick(sizes), random.pick(sizes), random.pick(sizes), i % 2 == 0, i % 4 < 2},
                 i % 3 + 1);
  }
}

TEST(matmul_shares_large_products_and_large_batches) {
  Random random(2);
  const std::vector<Shape> shapes = {
      {1, 200, 130, 190, false, false}, {1, 3, 700, 501, false, true},   {1, 700, 3, 501, false, true},
      {1, 10, 784, 200, true, false},   {1, 700, 1, 600, true, false},   {1, 130, 100, 70, true, true},
      {1, 200, 84, 120, false, true},   {64, 24, 31, 40, false, true},   {3, 60, 70, 80, true, false},
      {500, 1, 10, 20, false, true},    {2, 40, 30, 1500, false, true},  {1, 1, 1, 3000, false, false},
      {1, 784, 10, 200, true, false},   {2, 300, 3, 784, true, false},   {1, 784, 10, 200, false, false},
      {2, 300, 2, 784, false, false},   {1, 3, 1500, 400, false, false}, {1, 1500, 1, 400, true, true},
      {1, 90, 130, 1500, false, true},  {20, 40, 30, 1100, true, true},  {3, 60, 9, 2048, false, true}};
  for (const Shape& shape : shapes) {
    for (const int threads : {1, 2, 5}) check_matmul(random, shape, threads);
  }
}

TEST(matmul_of_a_matrix_and_its_transpose_has_the_bits_of_the_whole_product) {
  Random random(6);
  for (const auto& [n, k] : std::vector<std::pair<int64_t, int64_t>>{
           {1, 3}, {7, 20}, {47, 90}, {48, 64}, {49, 33}, {96, 17}, {200, 784}, {301, 50}, {512, 512}}) {
    const std::vector<double> values = random.reals(n * k);
    for (const bool transposed : {false, true}) {
      for (const int threads : {1, 2, 5}) {
        Workbench bench;
        const int32_t a = bench.add(DType::kFloat32, values), copy = bench.add(DType::kFloat32, values);
        const int32_t c = bench.add_result(DType::kFloat32, n * n), d = bench.add_result(DType::kFloat32, n * n);
        bench.run(Matmul{1, n, n, k, transposed, !transposed, a, 0, a, 0, c, 0}, threads);
        bench.run(Matmul{1, n, n, k, transposed, !transposed, a, 0, copy, 0, d, 0}, threads);
        CHECK(bench.bytes(c) == bench.bytes(d), "n", n, "k", k, "transposed", transposed, "threads", threads);
      }
    }
  }
}

TEST(matmul_carries_nan_and_infinity) {
  Random random(3);
  const std::vector<int64_t> sizes = {1, 3, 5, 10, 17, 35};
  for (int i = 0; i < 300; ++i) {
    check_matmul(random,
                 {random.pick<int64_t>({1, 3}), random.pick(sizes), random.pick(sizes), random.pick(sizes), i % 2 == 0,
                  i % 4 < 2},
                 i % 2 + 1, 0.02);
  }
}

TEST(matmul_gives_the_same_bits_in_every_run) {
  Random random(4);
  const std::vector<Shape> shapes = {{1, 200, 100, 300, false, false}, {1, 200, 100, 300, false, true},
                                     {1, 200, 10, 784, false, true},   {1, 10, 784, 200, true, false},
                                     {40, 7, 30, 60, true, true},      {1, 60, 70, 3000, false, false}};
  for (const auto& [batch, m, n, k, transpose_a, transpose_b] : shapes) {
    Workbench bench;
    const int32_t a = bench.add(DType::kFloat32, random.reals(batch * m * k)),
                  b = bench.add(DType::kFloat32, random.reals(batch * k * n));
    const int32_t c = bench.add_result(DType::kFloat32, batch * m * n),
                  d = bench.add_result(DType::kFloat32, batch * m * n);
    bench.run(Matmul{batch, m, n, k, transpose_a, transpose_b, a, 0, b, 0, c, 0}, 2);
    bench.run(Matmul{batch, m, n, k, transpose_a, transpose_b, a, 0, b, 0, d, 0}, 2, 5);
    CHECK(bench.bytes(c) == bench.bytes(d), "m", m, "n", n, "k", k);
  }
}

// A matrix whose rows are further apart than they are long; what lies between them may be neither read nor written.
class Padded {
 public:
  Padded(Random& random, int64_t rows, int64_t columns)
      : columns_(columns),
        stride(columns + random.integer(0, 2)),
        values_(static_cast<size_t>(rows * stride), kPadding) {
    for (int64_t i = 0; i < rows; ++i) {
      for (int64_t j = 0; j < columns; ++j) data()[i * stride + j] = static_cast<float>(random.real());
    }
    // The last row ends where the memory does, for the address sanitizer.
    if (rows > 0) values_.resize(static_cast<size_t>((rows - 1) * stride + columns));
    values_.shrink_to_fit();
  }
  float* data() { return values_.data(); }
  double at(int64_t i, int64_t j) const { return values_[static_cast<size_t>(i * stride + j)]; }
  bool is_untouched_between_rows() const {
    for (size_t i = 0; i < values_.size(); ++i) {
      if (static_cast<int64_t>(i) % stride >= columns_ && values_[i] != kPadding) return false;
    }
    return true;
  }

 private:
  static constexpr float kPadding = 1e30f;
  int64_t columns_;

 public:
  const int64_t stride;

 private:
  std::vector<float> values_;
};

TEST(product_loops_of_every_instruction_set) {
  for (const cpu::ProductLoops* loops : cpu::supported_product_loops()) {
    Random random(5);
    for (int i = 0; i < 1500; ++i) {
      const int64_t m = random.integer(1, 33), n = random.integer(1, random.chance(0.2) ? 130 : 33);
      const bool transposed = random.chance(0.5);
      const int64_t k = random.integer(transposed ? cpu::kDotsDepth : 1, 70);
      Padded a(random, m, k), at(random, k, m), b(random, k, n), bt(random, n, k), c(random, m, n), d(random, k, n);
      const bool flipped = !transposed && random.chance(0.5);
      if (transposed) {
        loops->dots(m, n, k, a.data(), a.stride, bt.data(), bt.stride, c.data(), c.stride);
      } else if (flipped) {
        loops->rows(m, n, k, at.data(), 1, at.stride, b.data(), b.stride, c.data(), c.stride);
      } else {
        loops->rows(m, n, k, a.data(), a.stride, 1, b.data(), b.stride, c.data(), c.stride);
      }
      loops->transpose(n, k, bt.data(), bt.stride, d.data(), d.stride);
      CHECK(c.is_untouched_between_rows() && d.is_untouched_between_rows(), "lanes", loops->lanes);
      for (int64_t row = 0; row < m; ++row) {
        for (int64_t column = 0; column < n; ++column) {
          const Element expected = dot(
              k, [&](int64_t l) { return flipped ? at.at(l, row) : a.at(row, l); },
              [&](int64_t l) { return transposed ? bt.at(column, l) : b.at(l, column); });
          CHECK(agrees(c.at(row, column), expected), "lanes", loops->lanes, "m", m, "n", n, "k", k, transposed,
                flipped);
        }
      }
      for (int64_t row = 0; row < n; ++row) {
        for (int64_t column = 0; column < k; ++column) CHECK(d.at(column, row) == bt.at(row, column));
      }
    }
  }
}

}  // namespace
}  // namespace bilevel::test
