// Instructions that are told to stop while they are computed: they leave out what they have not begun.
#include <algorithm>
#include <array>
#include <atomic>
#include <vector>

#include "cpu/kernel/interrupt.h"
#include "cpu/kernel/parallel.h"
#include "cpu/make_kernel.h"
#include "cpu/onednn/library.h"
#include "test/cpu/workbench.h"
#include "test/support/test.h"

namespace bilevel::test {
namespace {

constexpr auto kF = DType::kFloat32;

// The first and the last element of a result.
struct Outcome {
  float first, last;
  bool is_begun() const { return first != 0 && last == 0; }
};

// Runs an operation that asks to stop by itself: the word that is looked at is the first element of its result, which
// is 0 until it is written.
Outcome interrupted(Workbench& bench, const Operation& operation, int32_t result, int64_t count,
                    cpu::Precision precision = cpu::Precision::kFloat32) {
  const auto kernel = cpu::make_kernel(bench.program(), operation, {1, precision});
  Outcome outcome{};
  bench.run([&](const cpu::Memory& memory) {
    float* const elements = memory.at<float>(result);
    std::fill_n(elements, count, 0.0f);
    const std::atomic<bool> cancelled = false;
    const Control control(reinterpret_cast<int32_t*>(elements), cancelled);
    const cpu::InterruptScope interruptible(&control);
    run_kernel(*kernel, memory);
    outcome = {elements[0], elements[count - 1]};
  });
  return outcome;
}

std::vector<double> ones(int64_t count) { return std::vector<double>(static_cast<size_t>(count), 1.0); }

void check_product(Matmul product, cpu::Precision precision = cpu::Precision::kFloat32) {
  Workbench bench;
  product.a = bench.add(kF, ones(product.batch * product.m * product.k));
  product.b = bench.add(kF, ones(product.batch * product.k * product.n));
  const int64_t count = product.batch * product.m * product.n;
  product.c = bench.add_result(kF, count);
  const Outcome found = interrupted(bench, product, product.c, count, precision);
  CHECK(found.first == static_cast<float>(product.k) && found.last == 0, "m", product.m, "n", product.n, "k", product.k,
        found.first, found.last);
}

TEST(a_batch_of_products_ends_after_the_one_in_progress) {
  check_product({3, 8, 8, 8, false, false, 0, 0, 0, 0, 0, 0});
  check_product({3, 8, 8, 2000, false, true, 0, 0, 0, 0, 0, 0});
}

TEST(a_large_product_ends_between_blocks_of_rows) {
  for (const bool transposed : {false, true}) {
    const Matmul large{1, 300, 4096, 8192, transposed, false, 0, 0, 0, 0, 0, 0};
    check_product(large);
    if (cpu::supports_bfloat16()) check_product(large, cpu::Precision::kBfloat16);
  }
}

TEST(a_large_product_is_that_of_its_blocks) {
  // Rows count up, so that one in the wrong place is seen; 300 = 2 x 128 + 44.
  constexpr int64_t kM = 300, kN = 4096, kK = 8192;
  for (const bool transposed : {false, true}) {
    Workbench bench;
    std::vector<double> a(kM * kK);
    for (int64_t i = 0; i < kM * kK; ++i) a[static_cast<size_t>(i)] = static_cast<double>(transposed ? i % kM : i / kK);
    Matmul product{1, kM, kN, kK, transposed, false, 0, 0, 0, 0, 0, 0};
    product.a = bench.add(kF, a);
    product.b = bench.add(kF, ones(kK * kN));
    product.c = bench.add_result(kF, kM * kN);
    bench.run(product);
    const std::vector<double> c = bench.values(product.c);
    for (int64_t i = 0; i < kM * kN; ++i) {
      const auto expected = static_cast<double>(i / kN * kK);
      CHECK(c[static_cast<size_t>(i)] == expected, "element", i, "is", c[static_cast<size_t>(i)], "not", expected);
    }
  }
}

TEST(a_product_with_its_own_transpose_ends_between_panels) {
  Workbench bench;
  constexpr int64_t kN = 500, kK = 40;
  const int32_t a = bench.add(kF, ones(kN * kK)), c = bench.add_result(kF, kN * kN);
  const Matmul product{.batch = 1,
                       .m = kN,
                       .n = kN,
                       .k = kK,
                       .transpose_a = true,
                       .transpose_b = false,
                       .a = a,
                       .offset_a = 0,
                       .b = a,
                       .offset_b = 0,
                       .c = c,
                       .offset_c = 0};
  CHECK(interrupted(bench, product, c, kN * kN).is_begun());
}

// Of `batch` images through a kernel of 5 x 5.
Conv convolution(int64_t batch, int64_t channels, int64_t size, int64_t stride) {
  const int64_t output = (size - 5) / stride + 1;
  return {.direction = ConvDirection::kForward,
          .spatial_rank = 2,
          .batch = batch,
          .input_channels = channels,
          .output_channels = channels,
          .groups = 1,
          .input = {size, size},
          .kernel = {5, 5},
          .output = {output, output},
          .stride = {stride, stride},
          .dilation = {1, 1},
          .pad_low = {0, 0},
          .pad_high = {0, 0},
          .x = 0,
          .w = 0,
          .y = 0};
}

void check_convolution(Conv conv) {
  Workbench bench;
  const int64_t image = conv.input_channels * conv.input[0] * conv.input[1];
  const int64_t result = conv.output_channels * conv.output[0] * conv.output[1];
  conv.w = bench.add(kF, ones(conv.output_channels * conv.input_channels * 25));
  const bool forward = conv.direction == ConvDirection::kForward;
  const int64_t from = conv.batch * (forward ? image : result), to = conv.batch * (forward ? result : image);
  const int32_t read = bench.add(kF, ones(from)), written = bench.add_result(kF, to);
  conv.x = forward ? read : written;
  conv.y = forward ? written : read;
  const Outcome found = interrupted(bench, conv, written, to);
  CHECK(found.is_begun(), "channels", conv.input_channels, "size", conv.input[0], "stride", conv.stride[0], "forward",
        forward, found.first, found.last);
}

TEST(a_convolution_ends_between_images) {
  for (const ConvDirection direction : {ConvDirection::kForward, ConvDirection::kInputGradient}) {
    // Our own loops, transformed tiles, and oneDNN.
    for (Conv conv : {convolution(6, 2, 20, 1), convolution(64, 64, 28, 1), convolution(3, 64, 430, 2)}) {
      conv.direction = direction;
      check_convolution(conv);
    }
  }
}

TEST(a_filter_gradient_of_oneDNN_is_the_sum_of_its_parts) {
  // Two parts of a sample each, of which the second one is the first one's double.
  Conv conv = convolution(2, 64, 430, 2);
  conv.direction = ConvDirection::kFilterGradient;
  Workbench bench;
  const int64_t image = conv.input_channels * conv.input[0] * conv.input[1];
  const int64_t result = conv.output_channels * conv.output[0] * conv.output[1];
  std::vector<double> x = ones(2 * image);
  std::fill(x.begin() + image, x.end(), 2.0);
  conv.x = bench.add(kF, x);
  conv.y = bench.add(kF, ones(2 * result));
  const int64_t count = conv.output_channels * conv.input_channels * 25;
  conv.w = bench.add_result(kF, count);
  bench.run(conv);
  const auto expected = static_cast<double>(3 * conv.output[0] * conv.output[1]);
  for (const double value : bench.values(conv.w)) CHECK(value == expected, value, "not", expected);
  // Where it is told to stop by the first part, that is all there is.
  const Outcome found = interrupted(bench, conv, conv.w, count);
  CHECK(found.first == static_cast<float>(expected / 3), found.first);
}

TEST(a_pass_over_elements_ends_between_blocks) {
  constexpr int64_t kRows = 100, kColumns = 3000, kCount = kRows * kColumns;
  Workbench bench;
  const int32_t x = bench.add(kF, ones(kCount)), y = bench.add_result(kF, kCount), sums = bench.add_result(kF, kRows);
  const int32_t totals = bench.add_result(kF, kColumns * 4);
  Fused map{.outer = 1,
            .reduced = 0,
            .sizes = {kCount},
            .operands = {{x, 0, {1}}},
            .tape = {{TapeOp::kNeg, 1, 0, 0, 0, 0}},
            .outputs = {{OutputMode::kStore, 1, {y, 0, {1}}}}};
  CHECK(interrupted(bench, map, y, kCount).is_begun());
  Fused rows{.outer = 1,
             .reduced = 1,
             .sizes = {kRows, kColumns},
             .operands = {{x, 0, {kColumns, 1}}},
             .tape = {},
             .outputs = {{OutputMode::kSum, 0, {sums, 0, {1, 0}}}}};
  CHECK(interrupted(bench, rows, sums, kRows).is_begun());
  Fused columns{.outer = 1,
                .reduced = 1,
                .sizes = {4, kRows / 4, kColumns},
                .operands = {{x, 0, {kCount / 4, kColumns, 1}}},
                .tape = {},
                .outputs = {{OutputMode::kSum, 0, {totals, 0, {kColumns, 0, 1}}}}};
  CHECK(interrupted(bench, columns, totals, kColumns * 4).is_begun());
}

TEST(a_sparse_product_ends_between_rows) {
  Workbench bench;
  constexpr int64_t kRows = 50;
  std::vector<double> extents;
  for (int64_t row = 0; row < kRows; ++row) extents.insert(extents.end(), {double(row), 1.0});
  const int32_t values = bench.add(kF, ones(kRows));
  const int32_t indices = bench.add(DType::kInt32, std::vector<double>(kRows, 0.0));
  const int32_t rows = bench.add(DType::kInt32, extents), x = bench.add(kF, ones(4));
  const int32_t y = bench.add_result(kF, kRows * 4);
  const SparseMatmul product{.transpose = false,
                             .batch = 1,
                             .rows = kRows,
                             .size = 1,
                             .columns = 4,
                             .entries = kRows,
                             .values = values,
                             .indices = indices,
                             .extents = rows,
                             .x = x,
                             .y = y};
  CHECK(interrupted(bench, product, y, kRows * 4).is_begun());
}

TEST(helpers_are_interrupted_as_the_caller_is) {
  std::array<int32_t, 2> words = {1, 0};
  const std::atomic<bool> cancelled = false;
  const Control control(words.data(), cancelled);
  std::atomic<int> requested = 0;
  const auto count = [&] {
    requested = 0;
    cpu::parallel(4, [&](int) { requested += cpu::Interrupt().requested() ? 1 : 0; });
    return requested.load();
  };
  CHECK(count() == 0, "outside");
  {
    const cpu::InterruptScope interruptible(&control);
    CHECK(count() == 4, "inside");
    const cpu::InterruptScope nothing_interrupts(nullptr);
    CHECK(count() == 0, "where nothing may");
  }
  CHECK(count() == 0, "afterwards");
}

}  // namespace
}  // namespace bilevel::test
