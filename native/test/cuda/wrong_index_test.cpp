// Indices out of range: the first one is recorded, and nothing is read or written for any of them.
#include <string>
#include <vector>

#include "cuda/codegen/generate.h"
#include "cuda/codegen/wrong_index.h"
#include "test/cuda/emulated_kernels.h"
#include "test/support/guarded_buffers.h"
#include "test/support/test.h"

namespace bilevel::test {
namespace {

TEST(the_first_wrong_index_is_recorded_and_leads_nowhere) {
  constexpr int64_t kCount = 700, kFirst = 130, kSize = 3;
  struct Case {
    DType dtype;
    int64_t wrong;
  };
  const std::vector<Case> cases = {{DType::kInt32, -1},        {DType::kInt32, kSize},     {DType::kInt32, INT32_MIN},
                                   {DType::kInt64, -1},        {DType::kInt64, INT32_MIN}, {DType::kInt64, INT64_MIN},
                                   {DType::kInt64, 1ll << 60}, {DType::kInt64, kSize}};
  GuardedBuffers buffers;
  std::vector<std::vector<cuda::Kernel>> kernels;
  std::vector<int64_t> expected;
  for (const auto& [dtype, wrong] : cases) {
    std::vector<double> indices(kCount, 1);
    indices[kFirst] = static_cast<double>(wrong);
    for (size_t later = kFirst + 1; later < indices.size(); later += 50) indices[later] = kSize + 7;
    const int32_t index = buffers.add(dtype, indices);
    const int32_t x = buffers.add(DType::kFloat32, std::vector<double>(2 * kCount, 0.5));
    const int32_t y = buffers.add_result(DType::kFloat32, 2 * kCount),
                  z = buffers.add_result(DType::kFloat32, 2 * kSize);
    const std::vector<Operation> operations = {
        Gather{1, kSize, 2, kCount, x, index, y}, ScatterAdd{1, kSize, 2, kCount, x, index, z},
        GatherElements{1, kSize, kCount, x, index, y}, ScatterAddElements{1, kSize, kCount, x, index, z},
        SetRows{kSize, 2, kCount, z, index, x, z}};
    for (const Operation& operation : operations) {
      kernels.push_back(cuda::generate(buffers.program(), operation));
      expected.push_back(wrong);
    }
  }
  const EmulatedKernels device(kernels);
  for (size_t i = 0; i < kernels.size(); ++i) {
    for (const emulation::Order order : kOrders) {
      buffers.run([&](std::byte* const* addresses) {
        const auto wrong = cuda::wrong_index_of(device.run(kernels[i], addresses, order, 2));
        CHECK(wrong.has_value(), i);
        CHECK(wrong->position == kFirst && wrong->value == expected[i], i, wrong->position, wrong->value);
      });
    }
  }
}

// Among them are indices that only rows outside the batch have, which are not looked at.
TEST(wrong_indices_and_extents_of_sparse_matrices_are_recorded) {
  constexpr int64_t kEntries = 6, kSize = 3;
  struct Case {
    std::vector<double> indices, extents;
    int64_t position, value;
  };
  const std::vector<Case> cases = {
      {{0, 9, 2, 0, -7, 9}, {2, 2, 3, 3}, 4, -7},
      {{0, 1, 2, 0, 1, 2}, {0, 2, 3, 4}, kEntries + 1, int64_t{4} << 32 | 3},
      {{0, 1, 2, 0, 1, 2}, {-1, 1, 0, 1}, kEntries, int64_t{1} << 32 | 0xffffffff},
      {{0, 1, 2, 0, 1, 2}, {0, 1, INT32_MAX, INT32_MAX}, kEntries + 1, int64_t{INT32_MAX} << 32 | INT32_MAX},
      {{0, 1, 2, 0, 1, 2}, {0, 1, 5, -1}, kEntries + 1, static_cast<int64_t>(0xffffffff00000005)}};
  GuardedBuffers buffers;
  std::vector<std::vector<cuda::Kernel>> kernels;
  std::vector<Case> expected;
  for (const Case& each : cases) {
    const int32_t index = buffers.add(DType::kInt32, each.indices), extents = buffers.add(DType::kInt32, each.extents);
    const int32_t values = buffers.add(DType::kFloat32, std::vector<double>(kEntries, 0.5));
    const int32_t of_rows = buffers.add(DType::kFloat32, {1, 2, 3, 4});
    const int32_t of_columns = buffers.add(DType::kFloat32, {1, 2, 3, 4, 5, 6});
    const int32_t row_result = buffers.add_result(DType::kFloat32, 4);
    const int32_t column_result = buffers.add_result(DType::kFloat32, 6);
    const int32_t value_result = buffers.add_result(DType::kFloat32, kEntries);
    const std::vector<Operation> operations = {
        SparseMatmul{false, 1, 2, kSize, 2, kEntries, values, index, extents, of_columns, row_result},
        SparseMatmul{true, 1, 2, kSize, 2, kEntries, values, index, extents, of_rows, column_result},
        SampledMatmul{1, 2, kSize, 2, kEntries, index, extents, of_rows, of_columns, value_result}};
    for (const Operation& operation : operations) {
      kernels.push_back(cuda::generate(buffers.program(), operation));
      expected.push_back(each);
    }
  }
  const EmulatedKernels device(kernels);
  for (size_t i = 0; i < kernels.size(); ++i) {
    for (const emulation::Order order : kOrders) {
      buffers.run([&](std::byte* const* addresses) {
        const auto wrong = cuda::wrong_index_of(device.run(kernels[i], addresses, order, 2));
        CHECK(wrong.has_value(), i);
        CHECK(wrong->position == expected[i].position && wrong->value == expected[i].value, i, wrong->position,
              wrong->value);
      });
    }
  }
}

}  // namespace
}  // namespace bilevel::test
