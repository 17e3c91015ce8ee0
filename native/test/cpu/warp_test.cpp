// Warps of images and their transpose against their definition.
#include <cmath>
#include <limits>
#include <vector>

#include "cpu/warp/warp_loops.h"
#include "test/cpu/workbench.h"
#include "test/support/test.h"

namespace bilevel::test {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity(), kNaN = std::numeric_limits<double>::quiet_NaN();

size_t at(int64_t index) { return static_cast<size_t>(index); }

struct Cell {
  int64_t index;
  double weight;
};

// The rows, or the columns, that a position is blended of.
std::vector<Cell> around(double position, int64_t size) {
  const double before = std::floor(position), share = position - before;
  std::vector<Cell> cells;
  for (const auto& [index, weight] : {std::pair(before, 1 - share), std::pair(before + 1, share)}) {
    const bool inside = index >= 0 && index < static_cast<double>(size);
    cells.push_back({inside ? static_cast<int64_t>(index) : 0, inside || std::isnan(position) ? weight : 0.0});
  }
  return cells;
}

void check(Random& random, const WarpAffine& sizes, const std::vector<double>& table, double tolerance, int threads) {
  WarpAffine warp = sizes;
  const int64_t planes = warp.batch * warp.channels;
  const int64_t pixels_of_x = warp.input[0] * warp.input[1], pixels_of_y = warp.output[0] * warp.output[1];
  const std::vector<double> given = random.reals(planes * (warp.transposed ? pixels_of_y : pixels_of_x));
  Workbench bench;
  warp.table = bench.add(DType::kFloat32, table);
  const int32_t from = bench.add(DType::kFloat32, given);
  const int32_t to = bench.add_result(DType::kFloat32, planes * (warp.transposed ? pixels_of_x : pixels_of_y));
  warp.x = warp.transposed ? to : from;
  warp.y = warp.transposed ? from : to;
  bench.run(warp, threads, 2);
  std::vector<double> expected(at(planes * (warp.transposed ? pixels_of_x : pixels_of_y)));
  for (int64_t plane = 0; plane < planes; ++plane) {
    const double* map = table.data() + 6 * (plane / warp.channels);
    for (int64_t pixel = 0; pixel < pixels_of_y; ++pixel) {
      const double i = static_cast<double>(pixel / warp.output[1]), j = static_cast<double>(pixel % warp.output[1]);
      for (const Cell& row : around(map[0] * i + map[1] * j + map[2], warp.input[0])) {
        for (const Cell& column : around(map[3] * i + map[4] * j + map[5], warp.input[1])) {
          const double weight = row.weight * column.weight;
          if (weight == 0) continue;
          const size_t x = at(plane * pixels_of_x + row.index * warp.input[1] + column.index);
          const size_t y = at(plane * pixels_of_y + pixel);
          expected[warp.transposed ? x : y] += weight * given[warp.transposed ? y : x];
        }
      }
    }
  }
  check_close(bench.values(to), expected, tolerance, 10, warp.transposed ? "transposed warp" : "warp");
}

WarpAffine random_sizes(Random& random, int round) {
  WarpAffine warp{};
  warp.transposed = random.chance(0.5);
  warp.batch = round % 10 == 9 ? 40 : random.integer(0, 3);
  warp.channels = random.integer(0, 3);
  for (size_t d = 0; d < 2; ++d) {
    warp.input[d] = random.integer(1, 20);
    warp.output[d] = random.integer(0, 20);
  }
  if (round % 5 == 0) warp.output[1] = random.pick<int64_t>({63, 64, 65, 130});
  return warp;
}

TEST(warps_agree_with_their_definition) {
  Random random(1);
  for (int round = 0; round < 200; ++round) {
    const WarpAffine sizes = random_sizes(random, round);
    check(random, sizes, random.reals(6 * sizes.batch, -1.5, 1.5), 2e-5, round % 2 + 1);
  }
}

TEST(whole_pixels_keep_their_bits) {
  Random random(2);
  for (int round = 0; round < 200; ++round) {
    WarpAffine sizes = random_sizes(random, round);
    std::vector<double> table;
    for (int64_t image = 0; image < sizes.batch; ++image) {
      const double down = random.pick<double>({1, -1}), across = random.pick<double>({1, -1});
      for (const double entry : {down, 0.0, static_cast<double>(random.integer(-25, 25)), 0.0, across,
                                 static_cast<double>(random.integer(-25, 25))}) {
        table.push_back(entry);
      }
    }
    check(random, sizes, table, 0, round % 2 + 1);
  }
}

TEST(maps_of_any_numbers_stay_within_the_planes) {
  Random random(3);
  const std::vector<double> strange = {0, 1, -1, 0.5, kNaN, kInfinity, -kInfinity, 3e38, -3e38, 2147483648.0, 1e-40};
  for (int round = 0; round < 400; ++round) {
    WarpAffine warp = random_sizes(random, round);
    std::vector<double> table;
    for (int64_t i = 0; i < 6 * warp.batch; ++i) table.push_back(static_cast<float>(random.pick(strange)));
    const int64_t planes = warp.batch * warp.channels;
    const int64_t of_x = planes * warp.input[0] * warp.input[1], of_y = planes * warp.output[0] * warp.output[1];
    Workbench bench;
    warp.table = bench.add(DType::kFloat32, table);
    const int32_t from = bench.add(DType::kFloat32, random.reals(warp.transposed ? of_y : of_x));
    const int32_t to = bench.add_result(DType::kFloat32, warp.transposed ? of_x : of_y);
    warp.x = warp.transposed ? to : from;
    warp.y = warp.transposed ? from : to;
    bench.run(warp, round % 2 + 1);  // guards around the buffers tell what is written beside them
  }
}

TEST(every_instruction_set_blends_alike) {
  constexpr int64_t kRun = cpu::WarpLoops::kRun;
  Random random(4);
  for (const cpu::WarpLoops* loops : cpu::supported_warp_loops()) {
    for (int64_t n = 1; n <= kRun; ++n) {
      constexpr int32_t kHeight = 5, kWidth = 7;
      std::vector<float> x;
      for (int i = 0; i < kHeight * kWidth; ++i) x.push_back(static_cast<float>(random.real()));
      const cpu::WarpLoops::Line line{static_cast<float>(random.real(-2, 6)), static_cast<float>(random.real(-2, 8)),
                                      static_cast<float>(random.real(-1, 1)), static_cast<float>(random.real(-1, 1))};
      cpu::WarpLoops::Cells cells;
      loops->locate(&cells, line, 3, n, kHeight, kWidth);
      std::vector<float> y(at(n + 1), 99.0f);
      loops->blend(y.data(), x.data(), cells, n);
      CHECK(y[at(n)] == 99.0f);
      for (int64_t i = 0; i < n; ++i) {
        double expected = 0;
        const double pixel = static_cast<double>(3 + i);
        for (const Cell& row : around(line.row + line.row_step * pixel, kHeight)) {
          for (const Cell& column : around(line.column + line.column_step * pixel, kWidth)) {
            expected += row.weight * column.weight * x[at(row.index * kWidth + column.index)];
          }
        }
        CHECK(std::fabs(y[at(i)] - expected) < 2e-4, "n", n, "i", i);
      }
    }
  }
}

}  // namespace
}  // namespace bilevel::test
