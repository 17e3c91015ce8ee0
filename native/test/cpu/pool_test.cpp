// Poolings of one and two dimensions against their definitions.
#include <cmath>
#include <limits>
#include <vector>

#include "test/cpu/windows.h"
#include "test/cpu/workbench.h"
#include "test/support/random_windows.h"
#include "test/support/test.h"

namespace bilevel::test {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity(), kNaN = std::numeric_limits<double>::quiet_NaN();

// Few values, so that there are ties; sometimes NaN or nothing but -infinity.
enum class Cells { kTies, kNaNs, kNothing, kSparse };

void check_max_pool(Random& random, Pool pool, Cells kind, int threads) {
  pool.kind = PoolKind::kMax;
  const int64_t cells = grid(pool.spatial_rank, pool.input, 1).cells(),
                windows = grid(pool.spatial_rank, pool.output, 1).cells();
  std::vector<double> x = random.integers(pool.planes * cells, -3, 3);
  for (double& value : x) {
    if (kind == Cells::kNaNs && random.chance(0.1)) value = kNaN;
    if (kind == Cells::kNothing || (kind == Cells::kSparse && random.chance(0.9))) value = -kInfinity;
  }
  const bool scaled = random.chance(0.5);
  std::vector<double> scale(at(pool.planes), 1.0);
  Workbench bench;
  pool.x = bench.add(DType::kFloat32, x);
  if (scaled) {
    for (double& factor : scale) factor = random.pick<double>({1, -1, 0.5, 0, kNaN});
    pool.scale = bench.add(DType::kFloat32, scale);
  }
  pool.indices = bench.add_result(DType::kInt32, pool.planes * windows);
  pool.y = bench.add_result(DType::kFloat32, pool.planes * windows);
  bench.run(pool, threads, 2);
  std::vector<double> expected(at(pool.planes * windows), -1.0);
  for (int64_t plane = 0; plane < pool.planes; ++plane) {
    const auto cell_value = [&](double cell) {
      return scale[at(plane)] * x[at(plane * cells + static_cast<int64_t>(cell))];
    };
    each_meeting(pool, [&](int64_t cell, int64_t window, int64_t) {
      double& best = expected[at(plane * windows + window)];
      const double value = cell_value(static_cast<double>(cell));
      const double champion = best < 0 ? -kInfinity : cell_value(best);
      if (best < 0 || value > champion || (std::isnan(value) && !std::isnan(champion)))
        best = static_cast<double>(cell);
    });
  }
  check_close(bench.values(pool.indices), expected, 0, 1, "indices of maxPool");
  std::vector<double> largest;
  for (size_t i = 0; i < expected.size(); ++i) {
    largest.push_back(x[i / at(windows) * at(cells) + static_cast<size_t>(expected[i])]);
  }
  check_close(bench.values(pool.y), largest, 0, 1, "maxPool");
}

constexpr Cells kEveryKind[] = {Cells::kTies, Cells::kNaNs, Cells::kNothing, Cells::kSparse};

TEST(max_pool_agrees_with_its_definition) {
  Random random(3);
  for (int round = 0; round < 300; ++round) {
    const Pool pool = random_pool(random, true);
    check_max_pool(random, pool, kEveryKind[round % 4], round % 2 + 1);
  }
}

// Planes that are cut into bands, that end within a vector, and that one window covers.
TEST(max_pools_of_networks) {
  Random random(5);
  const auto check = [&](int64_t planes, Spatial input, int64_t kernel, int64_t stride, int64_t pad, bool ceil) {
    Pool pool{};
    pool.spatial_rank = 2;
    pool.planes = planes;
    pool.input = input;
    pool.kernel = {kernel, kernel};
    pool.stride = {stride, stride};
    pool.dilation = {1, 1};
    pool.pad_low = pool.pad_high = {pad, pad};
    for (size_t d = 0; d < 2; ++d) pool.output[d] = pooled_size(pool, d, ceil);
    for (const Cells kind : kEveryKind) check_max_pool(random, pool, kind, 2);
  };
  check(3, {84, 84}, 2, 2, 0, false);
  check(2, {111, 97}, 3, 2, 1, true);
  check(2, {70, 130}, 3, 1, 1, false);
  check(1, {40, 300}, 4, 3, 0, true);
  check(40, {28, 28}, 2, 2, 0, false);
  check(40, {7, 7}, 2, 2, 0, false);
  check(1500, {8, 8}, 2, 2, 0, false);
  check(300, {9, 10}, 2, 3, 0, false);
  check(40, {5, 9}, 2, 2, 0, true);
  check(20, {9, 9}, 9, 1, 0, false);
  check(20, {9, 9}, 9, 9, 0, false);
}

// The cells that an average divides by: those of the input, and of the padding when it counts.
double cells_of(const Pool& pool, int64_t window) {
  const auto along = [&](size_t d, int64_t index) {
    const int64_t start = index * pool.stride[d] - pool.pad_low[d];
    double cells = 0;
    for (int64_t tap = 0; tap < pool.kernel[d]; ++tap) {
      const int64_t position = start + tap;
      const bool inside = position >= 0 && position < pool.input[d];
      cells += inside || (pool.count_include_pad && position < pool.input[d] + pool.pad_high[d]);
    }
    return cells;
  };
  if (pool.spatial_rank == 1) return along(0, window);
  return along(0, window / pool.output[1]) * along(1, window % pool.output[1]);
}

TEST(average_pool_and_its_gradient_agree_with_their_definitions) {
  Random random(4);
  for (int round = 0; round < 200; ++round) {
    Pool pool = random_pool(random, false);
    const int64_t cells = grid(pool.spatial_rank, pool.input, 1).cells(),
                  windows = grid(pool.spatial_rank, pool.output, 1).cells();
    const std::vector<double> x = random.reals(pool.planes * cells), y = random.reals(pool.planes * windows);
    std::vector<double> average(y.size()), gradient(x.size());
    for (int64_t plane = 0; plane < pool.planes; ++plane) {
      each_meeting(pool, [&](int64_t cell, int64_t window, int64_t) {
        average[at(plane * windows + window)] += x[at(plane * cells + cell)] / cells_of(pool, window);
        gradient[at(plane * cells + cell)] += y[at(plane * windows + window)] / cells_of(pool, window);
      });
    }
    for (const PoolKind kind : {PoolKind::kAverage, PoolKind::kAverageGradient}) {
      Workbench bench;
      pool.kind = kind;
      const bool forward = kind == PoolKind::kAverage;
      pool.x = forward ? bench.add(DType::kFloat32, x) : bench.add_result(DType::kFloat32, pool.planes * cells);
      pool.y = forward ? bench.add_result(DType::kFloat32, pool.planes * windows) : bench.add(DType::kFloat32, y);
      bench.run(pool, round % 2 + 1, 2);
      check_close(bench.values(forward ? pool.y : pool.x), forward ? average : gradient, 1e-6, 10,
                  forward ? "averagePool" : "averagePoolGradient");
    }
  }
}

}  // namespace
}  // namespace bilevel::test
