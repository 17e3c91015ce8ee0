// Kernels of every opcode against the CPU engine: bit for bit but where it adds in another order.
#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "cuda/codegen/generate.h"
#include "test/cpu/workbench.h"
#include "test/cuda/agreement.h"
#include "test/cuda/emulated_kernels.h"
#include "test/support/fused_maker.h"
#include "test/support/random_windows.h"
#include "test/support/test.h"

namespace bilevel::test {
namespace {

struct OperationCase {
  std::unique_ptr<Workbench> bench = std::make_unique<Workbench>();
  Operation operation;
  std::vector<int32_t> results;
  // How far a result may be from the CPU's, where sums are added in another order.
  double tolerance = 0;
};

int64_t cells(int32_t spatial_rank, const Spatial& sizes) { return spatial_rank == 2 ? sizes[0] * sizes[1] : sizes[0]; }

OperationCase fused_case(Random& random) {
  OperationCase made;
  const std::vector<int64_t> sizes = {random.integer(1, 9), random.integer(1, 40), random.pick<int64_t>({1, 4, 7, 32})};
  const Fused fused = FusedMaker(*made.bench, random).make(sizes, 3, 0);
  for (const FusedOutput& output : fused.outputs) made.results.push_back(output.view.buffer);
  made.operation = fused;
  return made;
}

OperationCase matmul_case(Random& random) {
  OperationCase made;
  const auto size = [&] { return random.pick<int64_t>({0, 1, 3, 16, 31, 33, 70}); };
  Matmul matmul{random.pick<int64_t>({1, 1, 3}),
                size(),
                size(),
                size(),
                random.chance(0.5),
                random.chance(0.5),
                0,
                random.integer(0, 5),
                0,
                random.integer(0, 5),
                0,
                random.integer(0, 5)};
  const auto& [batch, m, n, k] = std::tie(matmul.batch, matmul.m, matmul.n, matmul.k);
  matmul.a = made.bench->add(DType::kFloat32, random.reals(batch * m * k + matmul.offset_a));
  matmul.b = made.bench->add(DType::kFloat32, random.reals(batch * k * n + matmul.offset_b));
  matmul.c = made.bench->add_result(DType::kFloat32, batch * m * n + matmul.offset_c);
  made.operation = matmul;
  made.results = {matmul.c};
  made.tolerance = 4e-7 * 4 * static_cast<double>(k + 1);
  return made;
}

OperationCase conv_case(Random& random, ConvDirection direction) {
  OperationCase made;
  Conv conv = random_conv(random);
  conv.direction = direction;
  conv.batch = std::min<int64_t>(conv.batch, 2);
  const int64_t group_inputs = conv.input_channels / conv.groups;
  const auto add = [&](int64_t count, bool is_result) {
    const int32_t buffer = is_result ? made.bench->add_result(DType::kFloat32, count)
                                     : made.bench->add(DType::kFloat32, random.reals(count));
    if (is_result) made.results.push_back(buffer);
    return buffer;
  };
  const int64_t taps = cells(conv.spatial_rank, conv.kernel), windows = cells(conv.spatial_rank, conv.output);
  conv.x = add(conv.batch * conv.input_channels * cells(conv.spatial_rank, conv.input),
               direction == ConvDirection::kInputGradient);
  conv.w = add(conv.output_channels * group_inputs * taps, direction == ConvDirection::kFilterGradient);
  conv.y = add(conv.batch * conv.output_channels * windows, direction == ConvDirection::kForward);
  made.operation = conv;
  const int64_t terms = direction == ConvDirection::kFilterGradient
                            ? conv.batch * windows
                            : taps * std::max(group_inputs, conv.output_channels);
  made.tolerance = 4e-7 * 4 * static_cast<double>(terms + 1);
  return made;
}

OperationCase max_pool_case(Random& random) {
  OperationCase made;
  Pool pool = random_pool(random, true);
  pool.kind = PoolKind::kMax;
  pool.planes = std::min<int64_t>(pool.planes, 7);
  std::vector<double> x = random.integers(pool.planes * cells(pool.spatial_rank, pool.input), -3, 3);
  for (double& value : x) {
    if (random.chance(0.1)) value = random.pick<double>({NAN, INFINITY, -INFINITY});
  }
  const int64_t windows = pool.planes * cells(pool.spatial_rank, pool.output);
  pool.x = made.bench->add(DType::kFloat32, x);
  if (random.chance(0.5)) {
    std::vector<double> scale(static_cast<size_t>(pool.planes));
    for (double& factor : scale) factor = random.pick<double>({1, -1, 0.5, 0, NAN});
    pool.scale = made.bench->add(DType::kFloat32, scale);
  }
  pool.indices = made.bench->add_result(DType::kInt32, windows);
  pool.y = made.bench->add_result(DType::kFloat32, windows);
  made.operation = pool;
  made.results = {pool.indices, pool.y};
  return made;
}

OperationCase average_pool_case(Random& random, PoolKind kind) {
  OperationCase made;
  Pool pool = random_pool(random, false);
  pool.kind = kind;
  pool.planes = std::min<int64_t>(pool.planes, 7);
  const int64_t x = pool.planes * cells(pool.spatial_rank, pool.input);
  const int64_t y = pool.planes * cells(pool.spatial_rank, pool.output);
  const bool forward = kind == PoolKind::kAverage;
  pool.x = forward ? made.bench->add(DType::kFloat32, random.reals(x)) : made.bench->add_result(DType::kFloat32, x);
  pool.y = forward ? made.bench->add_result(DType::kFloat32, y) : made.bench->add(DType::kFloat32, random.reals(y));
  made.operation = pool;
  made.results = {forward ? pool.y : pool.x};
  return made;
}

// Sizes of an operation by indices; some of them are empty.
struct IndexedSizes {
  explicit IndexedSizes(Random& random)
      : outer(random.integer(0, 4)),
        size(random.pick<int64_t>({0, 1, 3, 6, 40})),
        inner(random.pick<int64_t>({0, 1, 2, 17})),
        count(size == 0 ? 0 : random.pick<int64_t>({0, 1, 9, 33, 70})),
        dtype(random.pick<DType>({DType::kFloat32, DType::kInt32, DType::kInt64, DType::kBool})) {}
  int64_t outer, size, inner, count;
  DType dtype;
};

int32_t add_elements(OperationCase& made, Random& random, DType dtype, int64_t count) {
  return made.bench->add(dtype, dtype == DType::kFloat32 ? random.reals(count)
                                                         : random.integers(count, 0, dtype == DType::kBool ? 1 : 1000));
}
int32_t add_indices(OperationCase& made, Random& random, int64_t count, int64_t size) {
  return made.bench->add(random.pick<DType>({DType::kInt32, DType::kInt64}), random.integers(count, 0, size - 1));
}
int32_t add_result(OperationCase& made, DType dtype, int64_t count) {
  made.results.push_back(made.bench->add_result(dtype, count));
  return made.results.back();
}

OperationCase gather_case(Random& random) {
  OperationCase made;
  const IndexedSizes s(random);
  const int32_t x = add_elements(made, random, s.dtype, s.outer * s.size * s.inner);
  const int32_t indices = add_indices(made, random, s.count, s.size);
  const int32_t y = add_result(made, s.dtype, s.outer * s.count * s.inner);
  made.operation = Gather{s.outer, s.size, s.inner, s.count, x, indices, y};
  return made;
}

OperationCase scatter_add_case(Random& random) {
  OperationCase made;
  const IndexedSizes s(random);
  const int32_t x = add_elements(made, random, DType::kFloat32, s.outer * s.count * s.inner);
  const int32_t indices = add_indices(made, random, s.count, s.size);
  const int32_t y = add_result(made, DType::kFloat32, s.outer * s.size * s.inner);
  made.operation = ScatterAdd{s.outer, s.size, s.inner, s.count, x, indices, y};
  return made;
}

OperationCase gather_elements_case(Random& random) {
  OperationCase made;
  const IndexedSizes s(random);
  const int32_t x = add_elements(made, random, s.dtype, s.outer * s.size);
  const int32_t indices = add_indices(made, random, s.outer * s.count, s.size);
  const int32_t y = add_result(made, s.dtype, s.outer * s.count);
  made.operation = GatherElements{s.outer, s.size, s.count, x, indices, y};
  return made;
}

OperationCase scatter_add_elements_case(Random& random) {
  OperationCase made;
  const IndexedSizes s(random);
  const int32_t x = add_elements(made, random, DType::kFloat32, s.outer * s.count);
  const int32_t indices = add_indices(made, random, s.outer * s.count, s.size);
  const int32_t y = add_result(made, DType::kFloat32, s.outer * s.size);
  made.operation = ScatterAddElements{s.outer, s.size, s.count, x, indices, y};
  return made;
}

OperationCase set_rows_case(Random& random) {
  OperationCase made;
  const IndexedSizes s(random);
  const int32_t target = add_elements(made, random, s.dtype, s.size * s.inner);
  const int32_t indices = add_indices(made, random, s.count, s.size);
  const int32_t rows = add_elements(made, random, s.dtype, s.count * s.inner);
  if (random.chance(0.5)) made.results = {target};
  const int32_t y = made.results.empty() ? add_result(made, s.dtype, s.size * s.inner) : target;
  made.operation = SetRows{s.size, s.inner, s.count, target, indices, rows, y};
  return made;
}

OperationCase arg_max_case(Random& random) {
  OperationCase made;
  const IndexedSizes s(random);
  const int64_t size = s.size + 1;
  std::vector<double> values = random.integers(s.outer * size * s.inner, -9, 9);
  for (double& value : values) {
    if (random.chance(0.03)) value = NAN;
  }
  const int32_t x = made.bench->add(DType::kFloat32, values);
  made.operation = ArgMax{s.outer, size, s.inner, x, add_result(made, DType::kInt64, s.outer * s.inner)};
  return made;
}

OperationCase random_uniform_case(Random& random) {
  OperationCase made;
  const int64_t count = random.pick<int64_t>({0, 1, 3, 4, 1030});
  const int32_t key = made.bench->add(DType::kInt32, random.integers(2, INT32_MIN, INT32_MAX));
  made.operation = RandomUniform{count, key, add_result(made, DType::kFloat32, count)};
  return made;
}

OperationCase all_reduce_case(Random& random) {
  OperationCase made;
  const int64_t count = random.pick<int64_t>({0, 1, 3, 1030});
  const int32_t x = made.bench->add(DType::kFloat32, random.integers(count, -9, 9));
  made.operation = AllReduce{count, x, add_result(made, DType::kFloat32, count)};
  return made;
}

OperationCase warp_affine_case(Random& random, bool transposed) {
  OperationCase made;
  WarpAffine warp{};
  warp.transposed = transposed;
  warp.batch = random.integer(0, 3);
  warp.channels = random.integer(1, 3);
  for (size_t d = 0; d < 2; ++d) {
    warp.input[d] = random.integer(1, 9);
    warp.output[d] = random.integer(0, 9);
  }
  const int64_t planes = warp.batch * warp.channels;
  const int64_t of_x = planes * cells(2, warp.input), of_y = planes * cells(2, warp.output);
  warp.table = made.bench->add(DType::kFloat32, random.reals(6 * warp.batch, -1.5, 1.5));
  const int32_t given = made.bench->add(DType::kFloat32, random.reals(transposed ? of_y : of_x));
  const int32_t result = add_result(made, DType::kFloat32, transposed ? of_x : of_y);
  warp.x = transposed ? result : given;
  warp.y = transposed ? given : result;
  made.operation = warp;
  return made;
}

// A sparse matrix with rows anywhere among the entries, some of them empty and some in one another.
struct SparseSizes {
  explicit SparseSizes(Random& random)
      : batch(random.pick<int64_t>({0, 1, 1, 3})),
        rows(random.integer(0, 6)),
        size(random.pick<int64_t>({1, 3, 70, 200})),
        columns(random.pick<int64_t>({0, 1, 3, 20, 33})),
        entries(random.pick<int64_t>({0, 1, 9, 60})) {}
  int64_t batch, rows, size, columns, entries;
};

int32_t add_extents(OperationCase& made, Random& random, const SparseSizes& s) {
  std::vector<double> extents;
  for (int64_t row = 0; row < s.batch * s.rows; ++row) {
    const int64_t begin = random.integer(0, s.entries);
    extents.push_back(static_cast<double>(begin));
    extents.push_back(static_cast<double>(random.integer(0, s.entries - begin)));
  }
  return made.bench->add(DType::kInt32, extents);
}

OperationCase sparse_matmul_case(Random& random) {
  OperationCase made;
  const SparseSizes s(random);
  const bool transpose = random.chance(0.5);
  const int32_t values = made.bench->add(DType::kFloat32, random.reals(s.entries));
  const int32_t indices = made.bench->add(DType::kInt32, random.integers(s.entries, 0, s.size - 1));
  const int32_t extents = add_extents(made, random, s);
  const int64_t of_rows = s.batch * s.rows * s.columns, of_columns = s.batch * s.size * s.columns;
  const int32_t x = made.bench->add(DType::kFloat32, random.reals(transpose ? of_rows : of_columns));
  const int32_t y = add_result(made, DType::kFloat32, transpose ? of_columns : of_rows);
  made.operation =
      SparseMatmul{transpose, s.batch, s.rows, s.size, s.columns, s.entries, values, indices, extents, x, y};
  made.tolerance = 4e-7 * 4 * static_cast<double>(s.rows * s.entries + 1);
  return made;
}

OperationCase sampled_matmul_case(Random& random) {
  OperationCase made;
  const SparseSizes s(random);
  const int32_t indices = made.bench->add(DType::kInt32, random.integers(s.entries, 0, s.size - 1));
  const int32_t extents = add_extents(made, random, s);
  const int32_t a = made.bench->add(DType::kFloat32, random.reals(s.batch * s.rows * s.columns));
  const int32_t b = made.bench->add(DType::kFloat32, random.reals(s.batch * s.size * s.columns));
  const int32_t values = add_result(made, DType::kFloat32, s.entries);
  made.operation = SampledMatmul{s.batch, s.rows, s.size, s.columns, s.entries, indices, extents, a, b, values};
  made.tolerance = 4e-7 * 4 * static_cast<double>(s.batch * s.rows * s.columns + 1);
  return made;
}

// Does not compile while an opcode is missing.
OperationCase random_case(Opcode opcode, Random& random) {
  switch (opcode) {
    case Opcode::kFused:
      return fused_case(random);
    case Opcode::kMatmul:
      return matmul_case(random);
    case Opcode::kConv:
      return conv_case(random, ConvDirection::kForward);
    case Opcode::kConvInputGradient:
      return conv_case(random, ConvDirection::kInputGradient);
    case Opcode::kConvFilterGradient:
      return conv_case(random, ConvDirection::kFilterGradient);
    case Opcode::kMaxPool:
      return max_pool_case(random);
    case Opcode::kAveragePool:
      return average_pool_case(random, PoolKind::kAverage);
    case Opcode::kAveragePoolGradient:
      return average_pool_case(random, PoolKind::kAverageGradient);
    case Opcode::kGather:
      return gather_case(random);
    case Opcode::kScatterAdd:
      return scatter_add_case(random);
    case Opcode::kGatherElements:
      return gather_elements_case(random);
    case Opcode::kScatterAddElements:
      return scatter_add_elements_case(random);
    case Opcode::kSetRows:
      return set_rows_case(random);
    case Opcode::kArgMax:
      return arg_max_case(random);
    case Opcode::kRandomUniform:
      return random_uniform_case(random);
    case Opcode::kWarpAffine:
      return warp_affine_case(random, false);
    case Opcode::kWarpAffineGradient:
      return warp_affine_case(random, true);
    case Opcode::kSparseMatmul:
      return sparse_matmul_case(random);
    case Opcode::kSampledMatmul:
      return sampled_matmul_case(random);
    case Opcode::kAllReduce:
      return all_reduce_case(random);
  }
  throw Failure("no such opcode");
}

TEST(kernels_of_every_opcode_agree_with_the_cpu_engine) {
  constexpr int kCases = 25;
  std::vector<std::string> names;
  std::vector<OperationCase> cases;
  std::vector<std::vector<cuda::Kernel>> kernels;
  Random random(1);
  // One case of each in turn: so every source has kernels of every kind.
  for (int round = 0; round < kCases; ++round) {
    for (size_t opcode = 0; opcode < kOpcodeNames.size(); ++opcode) {
      names.push_back(std::string(kOpcodeNames[opcode]) + " " + std::to_string(round));
      cases.push_back(random_case(static_cast<Opcode>(opcode), random));
      kernels.push_back(cuda::generate(cases.back().bench->program(), cases.back().operation));
    }
  }
  const EmulatedKernels device(kernels);
  for (size_t i = 0; i < cases.size(); ++i) {
    const auto& [bench, operation, results, tolerance] = cases[i];
    check_agreement(device, kernels[i], *bench, operation, results, tolerance, names[i], static_cast<uint32_t>(i));
  }
}

}  // namespace
}  // namespace bilevel::test
