// Whether these tests would notice a mistake: device code with one is run as they run it, in a process of its own,
// because a sanitizer ends the process.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cuda/codegen/generate.h"
#include "cuda/codegen/source.h"
#include "test/cpu/workbench.h"
#include "test/cuda/emulated_kernels.h"
#include "test/support/test.h"

namespace bilevel::test {
namespace {

struct Sample {
  std::unique_ptr<Workbench> bench = std::make_unique<Workbench>();
  Operation operation;
  int32_t result = 0;
  double tolerance = 0;  // to the CPU's result
  cuda::Target target = {};
};

// By tiles of 64 x 64 in parts of 32 along k, however small.
constexpr cuda::TileShape kSmallTile = {64, 64, 4, 4, 16, 1};
constexpr cuda::Target kByTiles = {.tiling = {.least_work = 1,
                                              .multiprocessors = 64,
                                              .least_part_depth = 32,
                                              .most_parts = 4,
                                              .shapes = std::span(&kSmallTile, 1)}};

Sample matmul() {
  Random random(1);
  Sample made;
  Matmul product{1, 70, 50, 100, false, true, 0, 0, 0, 0, 0, 0};
  product.a = made.bench->add(DType::kFloat32, random.reals(70 * 100));
  product.b = made.bench->add(DType::kFloat32, random.reals(100 * 50));
  product.c = made.result = made.bench->add_result(DType::kFloat32, 70 * 50);
  made.operation = product;
  made.tolerance = 1e-3;
  return made;
}

Fused sum_of(int32_t x, int32_t y, std::vector<int64_t> sizes, int32_t outer) {
  const auto rank = static_cast<int32_t>(sizes.size());
  std::vector<int64_t> strides(sizes.size(), 1), kept(sizes.size());
  for (size_t d = sizes.size() - 1; d-- > 0;) strides[d] = strides[d + 1] * sizes[d + 1];
  kept[outer == 0 ? 1 : 0] = 1;
  return {outer, rank - 1, std::move(sizes), {{x, 0, strides}}, {}, {{OutputMode::kSum, 0, {y, 0, kept}}}};
}

// Of three rows, each by four blocks. The second and the last part are lost beside the others, so that the order shows
// in which the partial sums are added.
Sample long_sums() {
  constexpr int64_t kRows = 3, kPart = 4096, kLength = 4 * kPart;
  Random random(2);
  Sample made;
  std::vector<double> x;
  for (int64_t i = 0; i < kRows * kLength; ++i) {
    const int64_t part = i % kLength / kPart;
    const double scale = part == 0 ? 1e30 : part == 2 ? -1e30 : random.real();
    x.push_back(static_cast<double>(static_cast<float>(scale)));
  }
  made.result = made.bench->add_result(DType::kFloat32, kRows);
  made.operation = sum_of(made.bench->add(DType::kFloat32, x), made.result, {kRows, kLength}, 1);
  made.tolerance = INFINITY;
  return made;
}

Sample row_sums() {
  Random random(3);
  Sample made;
  made.result = made.bench->add_result(DType::kFloat32, 100);
  made.operation = sum_of(made.bench->add(DType::kFloat32, random.reals(100 * 301)), made.result, {100, 301}, 1);
  made.tolerance = 1e-4;
  return made;
}

Sample column_sums() {
  Random random(4);
  Sample made;
  made.result = made.bench->add_result(DType::kFloat32, 50);
  made.operation = sum_of(made.bench->add(DType::kFloat32, random.reals(301 * 50)), made.result, {301, 50}, 0);
  made.tolerance = 1e-4;
  return made;
}

Sample map() {
  Random random(5);
  Sample made;
  const int32_t x = made.bench->add(DType::kFloat32, random.reals(301));
  made.result = made.bench->add_result(DType::kFloat32, 301);
  made.operation = Fused{
      1, 0, {301}, {{x, 0, {1}}}, {{TapeOp::kExp, 1, 0, 0, 0, 0}}, {{OutputMode::kStore, 1, {made.result, 0, {1}}}}};
  return made;
}

Sample scatter() {
  Random random(6);
  Sample made;
  const int32_t x = made.bench->add(DType::kFloat32, random.reals(5 * 70));
  const int32_t indices = made.bench->add(DType::kInt32, random.integers(5 * 70, 0, 8));
  made.result = made.bench->add_result(DType::kFloat32, 5 * 9);
  made.operation = ScatterAddElements{5, 9, 70, x, indices, made.result};
  return made;
}

// Of 8 channels and 9 outputs, with strides and dilation in one dimension each.
Sample conv(ConvDirection direction) {
  Random random(7);
  Sample made;
  Conv conv{direction, 2, 2, 8, 9, 1, {9, 8}, {3, 3}, {9, 4}, {1, 2}, {1, 1}, {1, 1}, {1, 1}, 0, 0, 0};
  const auto add = [&](int64_t count, bool is_result) {
    if (!is_result) return made.bench->add(DType::kFloat32, random.reals(count));
    return made.result = made.bench->add_result(DType::kFloat32, count);
  };
  conv.x = add(2 * 8 * 72, direction == ConvDirection::kInputGradient);
  conv.w = add(9 * 8 * 9, direction == ConvDirection::kFilterGradient);
  conv.y = add(2 * 9 * 36, direction == ConvDirection::kForward);
  made.operation = conv;
  made.tolerance = 1e-3;
  return made;
}

Sample forward_conv() { return conv(ConvDirection::kForward); }

Sample blocked_matmul() {
  Sample made = matmul();
  made.target = kByTiles;
  return made;
}

// The second and the last part are lost beside the others, as in long_sums().
Sample long_products() {
  constexpr int64_t kRows = 10, kColumns = 9, kPart = 32, kDepth = 4 * kPart;
  Random random(8);
  Sample made;
  std::vector<double> a;
  for (int64_t i = 0; i < kRows * kDepth; ++i) {
    const int64_t part = i % kDepth / kPart;
    const double scale = part == 0 ? 1e30 : part == 2 ? -1e30 : random.real();
    a.push_back(static_cast<double>(static_cast<float>(scale)));
  }
  Matmul product{1, kRows, kColumns, kDepth, false, false, 0, 0, 0, 0, 0, 0};
  product.a = made.bench->add(DType::kFloat32, a);
  product.b = made.bench->add(DType::kFloat32, std::vector<double>(kDepth * kColumns, 1.0));
  product.c = made.result = made.bench->add_result(DType::kFloat32, kRows * kColumns);
  made.operation = product;
  made.tolerance = INFINITY;
  made.target = kByTiles;
  return made;
}

Sample implicit_gemm() {
  Sample made = conv(ConvDirection::kForward);
  made.target = kByTiles;
  return made;
}

Sample implicit_input_gradient() {
  Sample made = conv(ConvDirection::kInputGradient);
  made.target = kByTiles;
  return made;
}

Sample implicit_filter_gradient() {
  Sample made = conv(ConvDirection::kFilterGradient);
  made.target = kByTiles;
  return made;
}

struct Mistake {
  const char* what;
  Sample (*sample)();
  const char* file;  // in native/cuda/kernels/, or none: what is generated
  const char* text;
  int occurrence;
  const char* instead;
};

constexpr const char* kBarrier = "__syncthreads();";

const std::vector<Mistake> kMistakes = {
    {"no barrier behind the loads of a tile", matmul, "matmul.cuh", kBarrier, 0, ""},
    {"no barrier behind the products of a tile", matmul, "matmul.cuh", kBarrier, 1, ""},
    {"a barrier that half of the threads reach", matmul, "matmul.cuh", kBarrier, 0, "if (y < 4) __syncthreads();"},
    {"halves of a block at different barriers", matmul, "matmul.cuh", kBarrier, 0,
     "if (y < 4) __syncthreads(); else\n__syncthreads();"},
    {"no barrier in the total of a block", long_sums, "reduce.cuh", kBarrier, 0, ""},
    {"no barrier in the total of a column", column_sums, "reduce.cuh", kBarrier, 2, ""},
    {"a lane missing from a mask", row_sums, "reduce.cuh", "0xffffffffu", 0, "0x7fffffffu"},
    {"half of the lanes", row_sums, "reduce.cuh", "kLanes / 2", 0, "kLanes / 4"},
    {"partial sums in the order in which blocks arrive", long_sums, "", " + part] =", 0, " + args.arrived[at]] ="},
    {"one element too many", map, "", "at >= 301u", 0, "at > 301u"},
    {"one element too few", map, "", "at >= 301u", 0, "at >= 300u"},
    {"one total too many", column_sums, "", "column < 50u", 0, "column <= 50u"},
    {"a cell beyond the edge", forward_conv, "windows.cuh", "position < input", 0, "position <= input"},
    {"a lane that adds the wrong neighbour", scatter, "scatter.cuh", "__ffs(static_cast<int>(left)) - 1", 0,
     "31 - __builtin_clz(left)"},
    {"no barrier between a tile and its products", blocked_matmul, "blocked_product.cuh", kBarrier, 0, ""},
    {"a tile that is written while it is read", blocked_matmul, "blocked_product.cuh", "now = 1 - now", 0, "now = now"},
    {"a barrier that only threads with lines reach", blocked_matmul, "blocked_product.cuh", kBarrier, 0,
     "if (block.row0 + y < Sizes::kRows) __syncthreads();"},
    {"parts in the order in which blocks arrive", long_products, "blocked_product.cuh", "+ block.part)", 0,
     "+ arrived[block.tile])"},
    {"a part too few", blocked_matmul, "blocked_product.cuh", "part < Sizes::kParts", 0, "part < Sizes::kParts - 1"},
    {"a row too many", blocked_matmul, "blocked_product.cuh", "row >= Sizes::kRows", 0, "row > Sizes::kRows"},
    {"a column too many", blocked_matmul, "blocked_product.cuh", "column >= Sizes::kColumns", 0,
     "column > Sizes::kColumns"},
    {"a step of the next part", blocked_matmul, "blocked_product.cuh", "step < end &&", 0, "step <= end &&"},
    {"a line too few", blocked_matmul, "blocked_product.cuh", "line < count", 0, "line < count - 1"},
    {"a cell beyond the edge of a window", implicit_gemm, "windows.cuh", "position < input", 0, "position <= input"},
    {"windows of the wrong image", implicit_gemm, "implicit_gemm.cuh", "Shape::kImage,", 0, "Shape::kImageOfY,"},
    {"taps of the wrong channel", implicit_filter_gradient, "implicit_gemm.cuh", "Shape::kTaps * Shape::kInputs", 0,
     "Shape::kTaps * Shape::kOutputs"},
    {"a window beyond the last", implicit_input_gradient, "windows.cuh", "start / stride < output", 0,
     "start / stride <= output"},
    {"weights of the wrong output", implicit_input_gradient, "implicit_gemm.cuh", "Shape::kWeights +", 0,
     "Shape::kTaps +"},
    {"parts of a filter's gradient that are lost", implicit_filter_gradient, "blocked_product.cuh", "Sizes::kParts > 1",
     0, "Sizes::kParts > 100"},
};

std::string replaced(const std::string& text, const Mistake& mistake) {
  size_t at = text.find(mistake.text);
  for (int i = 0; i < mistake.occurrence && at != std::string::npos; ++i) at = text.find(mistake.text, at + 1);
  CHECK(at != std::string::npos, mistake.what, "cannot be planted: there is no", mistake.text);
  return text.substr(0, at) + mistake.instead + text.substr(at + std::string(mistake.text).size());
}

// Throws when the kernels compute something else than the CPU, or not always the same.
void run_all(const Sample& sample, const EmulatedKernels& device, std::span<const cuda::Kernel> kernels) {
  Workbench& bench = *sample.bench;
  const GuardedBuffers::Contents before = bench.contents();
  bench.run(sample.operation);
  const std::vector<double> expected = bench.values(sample.result);
  std::vector<std::byte> first;
  for (const emulation::Order order : kOrders) {
    bench.set_contents(before);
    bench.GuardedBuffers::run([&](std::byte* const* addresses) { device.run(kernels, addresses, order, 3); });
    if (first.empty()) first = bench.bytes(sample.result);
    CHECK(bench.bytes(sample.result) == first);
  }
  const std::vector<double> actual = bench.values(sample.result);
  for (size_t i = 0; i < actual.size(); ++i) CHECK(std::abs(actual[i] - expected[i]) <= sample.tolerance);
}

// Whether a body throws, or a sanitizer ends its process.
bool fails(const std::function<void()>& body) {
  std::cout.flush();
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    // What a sanitizer says is expected.
    dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
    try {
      body();
    } catch (const std::exception&) {
      _exit(1);
    }
    _exit(0);
  }
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child);
  return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

bool is_noticed(const Sample& sample, emulation::Headers headers, const std::string& source,
                std::span<const cuda::Kernel> kernels) {
  const EmulatedKernels device(headers, source);
  return fails([&] { run_all(sample, device, kernels); });
}

std::vector<cuda::Kernel> kernels_of(const Sample& sample) {
  return cuda::generate(sample.bench->program(), sample.operation, sample.target);
}

std::string source_of(std::span<const cuda::Kernel> kernels) {
  std::vector<const cuda::Kernel*> all;
  for (const cuda::Kernel& kernel : kernels) all.push_back(&kernel);
  return cuda::source_of(all);
}

TEST(every_planted_mistake_is_noticed) {
  for (const Mistake& mistake : kMistakes) {
    const Sample sample = mistake.sample();
    const std::vector<cuda::Kernel> kernels = kernels_of(sample);
    std::string source = source_of(kernels), changed;
    const auto original = cuda::device_headers();
    std::vector<cuda::DeviceHeader> headers(original.begin(), original.end());
    if (*mistake.file == 0) {
      source = replaced(source, mistake);
    } else {
      for (auto& [name, text] : headers) {
        if (name != "cuda/kernels/" + std::string(mistake.file)) continue;
        changed = replaced(std::string(text), mistake);
        text = changed;
      }
      CHECK(!changed.empty(), mistake.file);
    }
    CHECK(is_noticed(sample, headers, source, kernels), mistake.what, "is not noticed");
  }
}

TEST(what_has_no_mistake_fails_no_test) {
  for (const auto make : {matmul, long_sums, row_sums, column_sums, map, scatter, forward_conv, blocked_matmul,
                          implicit_gemm, implicit_input_gradient, implicit_filter_gradient}) {
    const Sample sample = make();
    const std::vector<cuda::Kernel> kernels = kernels_of(sample);
    CHECK(!is_noticed(sample, cuda::device_headers(), source_of(kernels), kernels));
  }
}

}  // namespace
}  // namespace bilevel::test
