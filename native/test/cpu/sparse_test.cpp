// Products with sparse matrices.
#include <string>

#include "cpu/sparse/sparse_loops.h"
#include "program/error.h"
#include "test/cpu/workbench.h"
#include "test/support/test.h"

namespace bilevel::test {
namespace {

size_t at(int64_t index) { return static_cast<size_t>(index); }

// A sparse matrix for each of a batch of products, whose rows lie anywhere among the entries.
struct Sparse {
  Sparse(Random& random, int round)
      : large(round % 20 == 19),
        batch(random.integer(0, 3)),
        rows(large ? 60 : random.integer(0, 6)),
        size(large ? 5000 : random.integer(1, 9)),
        columns(random.pick<int64_t>({0, 1, 2, 3, 4, 7, 8, 15, 16, 17, 20, 33, 64, 100})),
        entries(large ? 4000 : random.integer(0, 30)),
        values(random.reals(entries)),
        indices(random.integers(entries, 0, size - 1)) {
    for (int64_t row = 0; row < batch * rows; ++row) {
      const int64_t begin = random.integer(0, entries);
      extents.push_back(static_cast<double>(begin));
      extents.push_back(static_cast<double>(random.integer(0, std::min<int64_t>(entries - begin, 200))));
    }
  }

  // body(product, row, column, entry) for the entries of each row of each product.
  template <typename Body>
  void each(const Body& body) const {
    for (int64_t row = 0; row < batch * rows; ++row) {
      const auto begin = static_cast<int64_t>(extents[at(2 * row)]),
                 count = static_cast<int64_t>(extents[at(2 * row + 1)]);
      for (int64_t k = begin; k < begin + count; ++k) {
        body(row, row / std::max<int64_t>(rows, 1) * size + static_cast<int64_t>(indices[at(k)]), k);
      }
    }
  }

  bool large;
  int64_t batch, rows, size, columns, entries;
  std::vector<double> values, indices, extents;
};

struct Buffers {
  Buffers(Workbench& bench, const Sparse& s)
      : values(bench.add(DType::kFloat32, s.values)),
        indices(bench.add(DType::kInt32, s.indices)),
        extents(bench.add(DType::kInt32, s.extents)) {}
  int32_t values, indices, extents;
};

TEST(sparse_matmul_adds_the_entries_of_each_row) {
  Random random(1);
  for (int round = 0; round < 200; ++round) {
    const Sparse s(random, round);
    const bool transpose = random.chance(0.5);
    Workbench bench;
    const Buffers buffers(bench, s);
    const int64_t of_rows = s.batch * s.rows * s.columns, of_columns = s.batch * s.size * s.columns;
    const std::vector<double> x = random.reals(transpose ? of_rows : of_columns);
    std::vector<double> expected(at(transpose ? of_columns : of_rows));
    s.each([&](int64_t row, int64_t column, int64_t k) {
      const int64_t from = transpose ? row : column, to = transpose ? column : row;
      for (int64_t i = 0; i < s.columns; ++i) {
        expected[at(to * s.columns + i)] += s.values[at(k)] * x[at(from * s.columns + i)];
      }
    });
    const int32_t given = bench.add(DType::kFloat32, x);
    const int32_t result = bench.add_result(DType::kFloat32, static_cast<int64_t>(expected.size()));
    const SparseMatmul product{transpose,      s.batch,         s.rows,          s.size, s.columns, s.entries,
                               buffers.values, buffers.indices, buffers.extents, given,  result};
    bench.run(product, 1);
    check_close(bench.values(result), expected, 2e-6, 30, "sparseMatmul");
    // Teams of all sizes give the same bits.
    const std::vector<std::byte> alone = bench.bytes(result);
    for (const int threads : {2, 5}) {
      bench.run(product, threads, 2);
      CHECK(bench.bytes(result) == alone, threads);
    }
  }
}

TEST(sampled_matmul_adds_the_products_of_every_row_of_an_entry) {
  Random random(2);
  for (int round = 0; round < 200; ++round) {
    const Sparse s(random, round);
    Workbench bench;
    const Buffers buffers(bench, s);
    const std::vector<double> a = random.reals(s.batch * s.rows * s.columns);
    const std::vector<double> b = random.reals(s.batch * s.size * s.columns);
    std::vector<double> expected(at(s.entries));
    s.each([&](int64_t row, int64_t column, int64_t k) {
      for (int64_t i = 0; i < s.columns; ++i)
        expected[at(k)] += a[at(row * s.columns + i)] * b[at(column * s.columns + i)];
    });
    const int32_t left = bench.add(DType::kFloat32, a), right = bench.add(DType::kFloat32, b);
    const int32_t result = bench.add_result(DType::kFloat32, s.entries);
    const SampledMatmul product{s.batch,         s.rows,          s.size, s.columns, s.entries,
                                buffers.indices, buffers.extents, left,   right,     result};
    bench.run(product, 1);
    check_close(bench.values(result), expected, 4e-6, 100, "sampledMatmul");
    const std::vector<std::byte> alone = bench.bytes(result);
    for (const int threads : {2, 5}) {
      bench.run(product, threads, 2);
      CHECK(bench.bytes(result) == alone, threads);
    }
  }
}

TEST(every_build_of_the_loops_computes_the_same_within_rounding) {
  Random random(3);
  for (const int64_t n : {1, 3, 4, 5, 15, 16, 17, 31, 63, 64, 65, 200}) {
    const std::vector<float> values = {0.5f, -2, 3, 1}, x(at(6 * n), 1.25f);
    const std::vector<int32_t> indices = {5, 0, 5, 2};
    for (const cpu::SparseLoops* loops : cpu::supported_sparse_loops()) {
      const cpu::SparseLoops::Row row = {indices.data(), 4, 6};
      std::vector<float> sum(at(n)), spread(at(6 * n)), dots(4);
      CHECK(loops->sum(sum.data(), n, row, values.data(), x.data()) == 4);
      CHECK(loops->spread(spread.data(), n, row, values.data(), x.data(), 2, 6) == 4);
      CHECK(loops->dots(dots.data(), n, row, x.data(), x.data()) == 4);
      for (int64_t i = 0; i < n; ++i) {
        CHECK(sum[at(i)] == 2.5f * 1.25f, n, i, sum[at(i)]);
        CHECK(spread[at(i)] == 0 && spread[at(2 * n + i)] == 1.25f && spread[at(5 * n + i)] == 3.5f * 1.25f, n, i);
      }
      CHECK(dots[0] == static_cast<float>(n) * 1.5625f, n, dots[0]);
    }
  }
}

std::string refusal(Workbench& bench, const Operation& operation, int threads) {
  try {
    bench.run(operation, threads);
    return "accepted";
  } catch (const Error& error) {
    return std::string(error.code()) + ": " + error.what();
  }
}

TEST(indices_and_extents_of_sparse_matrices_are_checked) {
  const auto check = [](const std::vector<double>& indices, const std::vector<double>& extents,
                        const std::string& expected) {
    for (const int threads : {1, 2}) {
      Workbench bench;
      const int32_t values = bench.add(DType::kFloat32, std::vector<double>(6, 1));
      const int32_t index = bench.add(DType::kInt32, indices), extent = bench.add(DType::kInt32, extents);
      const int32_t of_rows = bench.add(DType::kFloat32, {1, 2}), of_columns = bench.add(DType::kFloat32, {1, 2, 3});
      const int32_t y = bench.add_result(DType::kFloat32, 2), z = bench.add_result(DType::kFloat32, 3);
      const int32_t dvalues = bench.add_result(DType::kFloat32, 6);
      for (const Operation& operation :
           std::vector<Operation>{SparseMatmul{false, 1, 2, 3, 1, 6, values, index, extent, of_columns, y},
                                  SparseMatmul{true, 1, 2, 3, 1, 6, values, index, extent, of_rows, z},
                                  SampledMatmul{1, 2, 3, 1, 6, index, extent, of_rows, of_columns, dvalues}}) {
        const std::string actual = refusal(bench, operation, threads);
        CHECK(actual == expected, actual);
      }
    }
  };
  check({0, 9, 2, 0, 1, 2}, {2, 4, 0, 1}, "accepted");  // no row has the wrong one
  check({0, 1, 2, 0, 1, 2}, {6, 0, 0, 6}, "accepted");
  for (const int wrong : {3, -1, INT32_MIN, INT32_MAX}) {
    check({0, 1, 2, 0, double(wrong), -5}, {3, 3, 0, 5},
          "INDEX_OUT_OF_RANGE: The index at position 4 is " + std::to_string(wrong) + "; expected an index in 0 .. 2.");
  }
  const auto extent = [](int begin, int count) {
    return "INDEX_OUT_OF_RANGE: The row at position 1 has " + std::to_string(count) + " entries from " +
           std::to_string(begin) + " on; there are 6.";
  };
  for (const auto& [begin, count] : {std::pair{3, 4}, {-1, 1}, {0, -1}, {7, 0}, {INT32_MAX, INT32_MAX}}) {
    check({0, 1, 2, 0, 1, 2}, {0, 1, double(begin), double(count)}, extent(begin, count));
  }
}

}  // namespace
}  // namespace bilevel::test
