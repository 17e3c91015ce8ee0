#include "test/test.h"
#include "test/workbench.h"

namespace bilevel::test {
namespace {

void check_matmul(Random& random, int64_t batch, int64_t m, int64_t n, int64_t k, int threads) {
  Workbench bench;
  const bool transpose_a = random.chance(0.5), transpose_b = random.chance(0.5);
  const int64_t offset = random.integer(0, 3);
  const std::vector<double> a = random.reals(offset + batch * m * k), b = random.reals(offset + batch * k * n);
  const int32_t x = bench.add(DType::kFloat32, a), y = bench.add(DType::kFloat32, b);
  const int32_t z = bench.add_result(DType::kFloat32, offset + batch * m * n);
  const std::vector<double> before = bench.values(z);
  bench.run(Matmul{batch, m, n, k, transpose_a, transpose_b, x, offset, y, offset, z, offset}, threads);
  std::vector<double> expected = before;
  const auto at = [&](const std::vector<double>& values, int64_t i) { return values[static_cast<size_t>(offset + i)]; };
  for (int64_t p = 0; p < batch; ++p) {
    for (int64_t i = 0; i < m; ++i) {
      for (int64_t j = 0; j < n; ++j) {
        double sum = 0;
        for (int64_t l = 0; l < k; ++l) {
          sum += at(a, p * m * k + (transpose_a ? l * m + i : i * k + l)) *
                 at(b, p * k * n + (transpose_b ? j * k + l : l * n + j));
        }
        expected[static_cast<size_t>(offset + (p * m + i) * n + j)] = sum;
      }
    }
  }
  check_close(bench.values(z), expected, 1e-6, 4.0 * static_cast<double>(k + 1), "matmul");
}

TEST(matmul_agrees_with_its_definition) {
  Random random(1);
  const std::vector<int64_t> sizes = {0, 1, 2, 3, 7, 16, 33, 65};
  for (int i = 0; i < 150; ++i) {
    check_matmul(random, random.pick<int64_t>({0, 1, 1, 2, 9}), random.pick(sizes), random.pick(sizes),
                 random.pick(sizes), i % 2 + 1);
  }
}

TEST(matmul_shares_large_products_and_large_batches) {
  Random random(2);
  check_matmul(random, 1, 200, 130, 190, 2);
  check_matmul(random, 64, 24, 31, 40, 2);
}

TEST(matmul_gives_the_same_bits_in_every_run) {
  Random random(3);
  Workbench bench;
  const int32_t a = bench.add(DType::kFloat32, random.reals(200 * 300)),
                b = bench.add(DType::kFloat32, random.reals(300 * 100));
  const int32_t c = bench.add_result(DType::kFloat32, 200 * 100), d = bench.add_result(DType::kFloat32, 200 * 100);
  bench.run(Matmul{1, 200, 100, 300, false, false, a, 0, b, 0, c, 0}, 2);
  bench.run(Matmul{1, 200, 100, 300, false, false, a, 0, b, 0, d, 0}, 2, 5);
  CHECK(bench.bytes(c) == bench.bytes(d));
}

}  // namespace
}  // namespace bilevel::test
