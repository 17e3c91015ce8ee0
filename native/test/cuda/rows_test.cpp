// A step of a program with per-step bindings finds and leaves its own rows, and no others.
#include "cuda/codegen/rows.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "test/cuda/emulated_kernels.h"
#include "test/support/test.h"

namespace bilevel::test {
namespace {

using Bytes = std::vector<std::byte>;

constexpr int64_t kSteps = 3;
// More than one block copies, and more than the most blocks copy at once.
constexpr int64_t kLong = 3000, kLongest = 256 * 256 * 8 + 300;

Program with_bindings() {
  Program program;
  program.bindings = {
      {DType::kFloat32, 3, Access::kRead, true},         {DType::kFloat32, 5, Access::kReadWrite, false},
      {DType::kInt64, 1, Access::kWrite, true},          {DType::kBool, kLongest, Access::kReadWrite, true},
      {DType::kFloat32, 0, Access::kRead, true},         {DType::kInt32, kLong, Access::kReadWrite, true},
      {DType::kFloat32, kLong + 1, Access::kWrite, true}};
  return program;
}

// A byte that tells the binding, the row and roughly where in it.
std::byte byte_of(size_t binding, int64_t row, int64_t at, int version) {
  return static_cast<std::byte>(static_cast<int64_t>(binding) * 41 + row * 17 + at % 13 + version * 101);
}

int64_t row_bytes(const Binding& binding) {
  return binding.element_count * kDTypeBytes[static_cast<size_t>(binding.dtype)];
}

Bytes rows_of(const Program& program, size_t binding, int64_t first, int64_t count, int version) {
  Bytes bytes;
  for (int64_t row = first; row < first + count; ++row) {
    for (int64_t at = 0; at < row_bytes(program.bindings[binding]); ++at) {
      bytes.push_back(byte_of(binding, row, at, version));
    }
  }
  return bytes;
}

TEST(a_step_finds_and_leaves_its_own_rows) {
  const Program program = with_bindings();
  const std::vector<size_t> per_step = cuda::per_step_bindings(program);
  CHECK((per_step == std::vector<size_t>{0, 2, 3, 4, 5, 6}));
  // What is only written is not read; of what is written in parts, the rest is.
  std::vector<bool> is_read(program.bindings.size(), true);
  is_read[2] = false;
  const std::vector<std::vector<cuda::Kernel>> kernels = {{cuda::generate_begin_step(program, is_read)},
                                                          {cuda::generate_end_step(program)}};
  const EmulatedKernels device(kernels);
  for (const emulation::Order order : kOrders) {
    std::vector<Bytes> places, rows;
    for (size_t i = 0; i < program.bindings.size(); ++i) {
      const Binding& binding = program.bindings[i];
      places.emplace_back(static_cast<size_t>(row_bytes(binding)));
      rows.push_back(rows_of(program, i, 0, binding.per_step ? kSteps : 0, 0));
    }
    std::vector<uint64_t> table(cuda::kStepTableHead);
    for (const size_t binding : per_step) table.push_back(reinterpret_cast<uint64_t>(rows[binding].data()));
    std::vector<std::byte*> addresses;
    for (Bytes& place : places) addresses.push_back(place.data());
    const EmulatedKernels::Rows bound = {addresses.data(), table.data()};

    for (int64_t step = 0; step < kSteps; ++step) {
      const std::vector<Bytes> before = places;
      device.run(kernels[0], nullptr, order, 5, bound);
      for (size_t i = 0; i < places.size(); ++i) {
        const bool is_found = program.bindings[i].per_step && is_read[i];
        CHECK(places[i] == (is_found ? rows_of(program, i, step, 1, 0) : before[i]), i, "in step", step);
      }
      for (const size_t binding : per_step) {
        std::ranges::copy(rows_of(program, binding, step, 1, 1), places[binding].begin());
      }
      device.run(kernels[1], nullptr, order, 5, bound);
      for (const size_t binding : per_step) {
        const bool is_left = program.bindings[binding].access != Access::kRead;
        Bytes expected = rows_of(program, binding, 0, step + 1, is_left ? 1 : 0);
        const Bytes rest = rows_of(program, binding, step + 1, kSteps - step - 1, 0);
        expected.insert(expected.end(), rest.begin(), rest.end());
        CHECK(rows[binding] == expected, binding, "behind step", step);
      }
    }
  }
}

}  // namespace
}  // namespace bilevel::test
