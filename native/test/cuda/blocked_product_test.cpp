// Products and convolutions by tiles against the CPU engine, and which of them are computed so.
#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "cuda/codegen/generate.h"
#include "test/cuda/agreement.h"
#include "test/support/random_windows.h"
#include "test/support/test.h"

namespace bilevel::test {
namespace {

struct ProductCase {
  std::unique_ptr<Workbench> bench = std::make_unique<Workbench>();
  Operation operation;
  int32_t result = 0;
  double tolerance = 0;
};

int64_t cells(int32_t spatial_rank, const Spatial& sizes) { return spatial_rank == 2 ? sizes[0] * sizes[1] : sizes[0]; }

ProductCase random_matmul(Random& random) {
  ProductCase made;
  const auto size = [&] { return random.pick<int64_t>({1, 3, 16, 31, 33, 68, 72, 130}); };
  const auto offset = [&] { return random.pick<int64_t>({0, 0, 3, 4}); };
  Matmul matmul{random.pick<int64_t>({1, 1, 3}),
                size(),
                size(),
                size(),
                random.chance(0.5),
                random.chance(0.5),
                0,
                offset(),
                0,
                offset(),
                0,
                offset()};
  const auto& [batch, m, n, k] = std::tie(matmul.batch, matmul.m, matmul.n, matmul.k);
  matmul.a = made.bench->add(DType::kFloat32, random.reals(batch * m * k + matmul.offset_a));
  matmul.b = made.bench->add(DType::kFloat32, random.reals(batch * k * n + matmul.offset_b));
  matmul.c = made.result = made.bench->add_result(DType::kFloat32, batch * m * n + matmul.offset_c);
  made.operation = matmul;
  made.tolerance = 4e-7 * 4 * static_cast<double>(k + 1);
  return made;
}

// Of so many products that something is to be computed.
ProductCase random_conv_case(Random& random, ConvDirection direction) {
  ProductCase made;
  Conv conv = random_conv(random);
  conv.direction = direction;
  conv.batch = std::clamp<int64_t>(conv.batch, 1, 2);
  for (Spatial* sizes : {&conv.input, &conv.output}) {
    if (cells(conv.spatial_rank, *sizes) == 0) return random_conv_case(random, direction);
  }
  const int64_t group_inputs = conv.input_channels / conv.groups, group_outputs = conv.output_channels / conv.groups;
  const int64_t taps = cells(conv.spatial_rank, conv.kernel), windows = cells(conv.spatial_rank, conv.output);
  const auto add = [&](int64_t count, bool is_result) {
    if (!is_result) return made.bench->add(DType::kFloat32, random.reals(count));
    made.result = made.bench->add_result(DType::kFloat32, count);
    return made.result;
  };
  conv.x = add(conv.batch * conv.input_channels * cells(conv.spatial_rank, conv.input),
               direction == ConvDirection::kInputGradient);
  conv.w = add(conv.output_channels * group_inputs * taps, direction == ConvDirection::kFilterGradient);
  conv.y = add(conv.batch * conv.output_channels * windows, direction == ConvDirection::kForward);
  made.operation = conv;
  const int64_t terms =
      direction == ConvDirection::kFilterGradient ? conv.batch * windows : taps * std::max(group_inputs, group_outputs);
  made.tolerance = 4e-7 * 4 * static_cast<double>(terms + 1);
  return made;
}

ProductCase random_case(size_t kind, Random& random) {
  if (kind == 0) return random_matmul(random);
  return random_conv_case(random, static_cast<ConvDirection>(kind - 1));
}

// Everything by tiles of one shape, in one part or in as many as there are blocks to fill.
cuda::Target only(const cuda::TileShape& shape, int64_t most_parts) {
  return {.tiling = {.least_side = 1,
                     .least_depth = 1,
                     .least_work = 1,
                     .multiprocessors = 8,
                     .least_part_depth = 8,
                     .most_parts = most_parts,
                     .shapes = std::span(&shape, 1)}};
}

TEST(products_by_tiles_of_every_shape_agree_with_the_cpu_engine) {
  constexpr int kRounds = 4;
  std::vector<std::string> names;
  std::vector<ProductCase> cases;
  std::vector<std::vector<cuda::Kernel>> kernels;
  Random random(3);
  int split = 0;
  for (int round = 0; round < kRounds; ++round) {
    for (const cuda::TileShape& shape : cuda::kTileShapes) {
      for (size_t kind = 0; kind < 4; ++kind) {
        names.push_back("tiles of " + std::to_string(shape.rows) + " x " + std::to_string(shape.columns) + ", kind " +
                        std::to_string(kind) + ", round " + std::to_string(round));
        cases.push_back(random_case(kind, random));
        kernels.push_back(
            cuda::generate(cases.back().bench->program(), cases.back().operation, only(shape, round % 2 == 0 ? 1 : 4)));
        CHECK(kernels.back().size() == 1 && kernels.back()[0].text.find("Tile") != std::string::npos, names.back());
        split += kernels.back()[0].counters > 0;
      }
    }
  }
  CHECK(split > kRounds, "only", split, "products are split along k");
  const EmulatedKernels device(kernels);
  for (size_t i = 0; i < cases.size(); ++i) {
    const std::array results = {cases[i].result};
    check_agreement(device, kernels[i], *cases[i].bench, cases[i].operation, results, cases[i].tolerance, names[i],
                    static_cast<uint32_t>(i));
  }
}

// As the text of kernels does, by arithmetic: a multiple of the last bit that stays.
double nearest(double x, int bits) {
  if (x == 0 || !std::isfinite(x)) return x;
  const double last = std::ldexp(1.0, std::ilogb(x) - (bits - 1));
  return std::nearbyint(x / last) * last;
}

// Bits of the mantissa with the leading one.
constexpr std::array<int, 3> kBits = {24, 11, 8};

TEST(operands_of_products_by_tiles_are_rounded_to_the_nearest_and_sums_are_not) {
  constexpr int64_t kRows = 6, kDepth = 9;
  std::vector<double> a;
  Random random(5);
  for (int64_t i = 0; i < kRows * kDepth; ++i) a.push_back(static_cast<double>(static_cast<float>(random.real())));
  // Ties of both precisions, to a larger and a smaller even number, and what becomes a power of two.
  const std::vector<double> odd = {1 + std::ldexp(1, -11),    1 + 3 * std::ldexp(1, -11), -1 - std::ldexp(1, -8),
                                   1 + 3 * std::ldexp(1, -8), 2 - std::ldexp(1, -23),     std::ldexp(1, -120)};
  std::copy(odd.begin(), odd.end(), a.begin() + 2 * kDepth);
  a[0] = INFINITY;
  a[kDepth] = NAN;
  std::vector<std::unique_ptr<Workbench>> benches;
  std::vector<std::vector<cuda::Kernel>> kernels;
  for (size_t precision = 0; precision < kBits.size(); ++precision) {
    Workbench& bench = *benches.emplace_back(std::make_unique<Workbench>());
    // The unit matrix: every row of the result is a row of a.
    std::vector<double> unit(kDepth * kDepth);
    for (int64_t i = 0; i < kDepth; ++i) unit[static_cast<size_t>(i * kDepth + i)] = 1;
    Matmul product{1, kRows, kDepth, kDepth, false, false, 0, 0, 0, 0, 0, 0};
    product.a = bench.add(DType::kFloat32, a);
    product.b = bench.add(DType::kFloat32, unit);
    product.c = bench.add_result(DType::kFloat32, kRows * kDepth);
    cuda::Target target = only(cuda::kTileShapes[1], 1);
    target.precision = static_cast<cuda::Precision>(precision);
    kernels.push_back(cuda::generate(bench.program(), product, target));
  }
  const EmulatedKernels device(kernels);
  for (size_t precision = 0; precision < kBits.size(); ++precision) {
    Workbench& bench = *benches[precision];
    bench.GuardedBuffers::run(
        [&](std::byte* const* addresses) { device.run(kernels[precision], addresses, kOrders[0], 1); });
    const std::vector<double> c = bench.values(2);
    for (size_t i = 0; i < a.size(); ++i) {
      const size_t row = i / kDepth;
      if (row < 2) continue;
      CHECK(c[i] == nearest(a[i], kBits[precision]), "precision", precision, "element", i, "is", c[i], "of", a[i]);
    }
    // The first rows hold what no rounding may change.
    CHECK(c[0] == INFINITY && std::isnan(c[1]) && std::isnan(c[kDepth]), c[0], c[1], c[kDepth]);
  }
}

TEST(products_are_computed_by_tiles_where_there_is_work_for_them) {
  const auto tiling = [](int64_t products, int64_t rows, int64_t columns, int64_t depth) {
    return cuda::choose_tiling({products, rows, columns, depth}, {});
  };
  CHECK(!tiling(1, 64, 64, 64), "little work");
  CHECK(!tiling(64, 1, 100000, 9), "groups of one channel");
  CHECK(!tiling(1, 6, 100000, 25), "few outputs");
  const auto large = tiling(1, 4096, 4096, 1024);
  CHECK(large && large->tile.rows == 128 && large->tile.columns == 128 && large->parts == 1);
  const auto narrow = tiling(1, 16, 100000, 150);
  CHECK(narrow && narrow->tile.rows == 16 && narrow->parts == 1);
  // Few tiles of long sums: the gradient of a filter.
  const auto deep = tiling(1, 32, 288, 100000);
  CHECK(deep && deep->parts > 8 && deep->part_depth % deep->tile.steps == 0 &&
        deep->part_depth * deep->parts >= 100000 && deep->part_depth * (deep->parts - 1) < 100000);
}

}  // namespace
}  // namespace bilevel::test
