// Convolutions of one and two dimensions against their definitions, by every way to compute them.
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "cpu/conv/choice.h"
#include "cpu/conv/direct/correlation.h"
#include "cpu/conv/direct/filter_gradient.h"
#include "cpu/conv/tiled/correlation.h"
#include "cpu/conv/tiled/filter_gradient.h"
#include "cpu/conv/tiled/input_gradient.h"
#include "cpu/make_kernel.h"
#include "cpu/onednn/operations.h"
#include "test/cpu/windows.h"
#include "test/cpu/workbench.h"
#include "test/support/random_windows.h"
#include "test/support/test.h"

namespace bilevel::test {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity(), kNaN = std::numeric_limits<double>::quiet_NaN();

// Every way to compute a convolution: as the engine does, by oneDNN, and by our own kernels on every instruction set.
struct Way {
  std::string name;
  std::function<void(const cpu::Memory&)> run;
  double roundings = 0;  // that an element of the result may suffer besides those of its sum
  double mean_error = 1.2e-6;
};

// Calls run(x, w, y, workspace) twice: nothing of the first run may be left in the second.
template <typename Convolution, typename Run>
Way way(const std::string& name, const Conv& conv, std::shared_ptr<Convolution> made, Run&& run) {
  int64_t bytes = 0;
  if constexpr (requires { made->workspace_bytes(); }) bytes = made->workspace_bytes();
  const auto workspace = std::make_shared<Workspace>(bytes);
  return {name, [=](const cpu::Memory& memory) {
            for (int i = 0; i < 2; ++i) {
              run(*made, memory.at<float>(conv.x), memory.at<float>(conv.w), memory.at<float>(conv.y),
                  workspace->data());
            }
          }};
}

Way one_dnn(const Conv& conv, int threads) {
  return way("oneDNN", conv, std::make_shared<cpu::onednn::Convolution>(conv, cpu::Settings{threads}),
             [](auto& made, float* x, float* w, float* y, std::byte* workspace) { made.run(x, w, y, workspace); });
}

template <typename Convolution>
Way direct(const std::string& name, const Conv& conv, int threads, const cpu::direct::Loops& loops) {
  return way(name, conv, std::make_shared<Convolution>(conv, threads, loops),
             [](auto& made, float* x, float* w, float* y, std::byte*) { made.run(x, w, y); });
}

// Calls run(x, w, y, workspace), which is true when the result is finite.
template <typename Convolution, typename Run>
Way tiled_way(const Conv& conv, int threads, const cpu::tiled::Loops& loops, const std::string& kind, Run&& run) {
  Way made = way(kind + " of " + std::to_string(loops.lanes) + " lanes", conv,
                 std::make_shared<Convolution>(conv, threads, loops),
                 [run](const Convolution& it, float* x, float* w, float* y, std::byte* workspace) {
                   CHECK(run(it, x, w, y, workspace), "finite", 1);
                 });
  made.roundings = static_cast<double>(loops.points * loops.points);
  if (kind.starts_with("Fourier")) made.mean_error = 4e-7;
  return made;
}

void add_tiled(const Conv& conv, int threads, std::span<const cpu::tiled::Loops* const> transforms,
               const std::string& kind, std::vector<Way>& ways) {
  using namespace cpu::tiled;
  const auto run = [](const auto& it, float* x, float* w, float* y, std::byte* space) {
    return it.run(x, w, y, space);
  };
  const auto turned = [](const Correlation& it, float* x, float* w, float* y, std::byte* space) {
    return it.run(y, w, x, space);
  };
  for (const Loops* loops : transforms) {
    if (!has_tiling(conv, *loops)) continue;
    switch (conv.direction) {
      case ConvDirection::kForward:
        ways.push_back(tiled_way<Correlation>(conv, threads, *loops, kind, run));
        break;
      case ConvDirection::kInputGradient:
        ways.push_back(tiled_way<Correlation>(conv, threads, *loops, kind, turned));
        ways.push_back(tiled_way<InputGradient>(conv, threads, *loops, kind + "'s transpose", run));
        break;
      case ConvDirection::kFilterGradient:
        ways.push_back(tiled_way<FilterGradient>(conv, threads, *loops, kind, run));
        break;
    }
  }
}

std::vector<Way> ways_of(const Conv& conv, int threads, bool engine_alone) {
  const std::shared_ptr<cpu::Kernel> kernel = cpu::make_kernel(Program{}, conv, {threads});
  std::vector<Way> ways{{"the engine", [kernel](const cpu::Memory& memory) { run_kernel(*kernel, memory); }}};
  if (engine_alone) return ways;
  ways.push_back(one_dnn(conv, threads));
  add_tiled(conv, threads, cpu::tiled::supported_winograd(), "Winograd", ways);
  add_tiled(conv, threads, cpu::tiled::supported_fourier(), "Fourier", ways);
  const cpu::Geometry geometry(conv);
  for (const cpu::direct::Loops* loops : cpu::direct::supported_loops()) {
    const bool strided = conv.stride[0] != 1 || (conv.spatial_rank == 2 && conv.stride[1] != 1);
    if (strided || geometry.output_cells() < loops->lanes) continue;
    const std::string name = "own kernel of " + std::to_string(loops->lanes) + " lanes";
    ways.push_back(conv.direction == ConvDirection::kFilterGradient
                       ? direct<cpu::direct::FilterGradient>(name, conv, threads, *loops)
                       : direct<cpu::direct::Correlation>(name, conv, threads, *loops));
  }
  return ways;
}

struct ConvValues {
  std::vector<double> x, w, y;
};

// check_close() bounds what rounding may do in the worst case; this, what it does on average, which tells good points
// of Winograd's transforms (at most 0.9e-6 in the first two directions) from poor ones, and Fourier's transforms (at
// most 0.25e-6) from others. In units of what a sum of so many terms of random_values() is; a filter's gradient adds
// long sums up in order, where the errors grow as well.
void check_mean_error(const std::vector<double>& actual, const std::vector<double>& expected, double terms,
                      ConvDirection direction, const Way& way, const std::string& what) {
  double squares = 0;
  for (size_t i = 0; i < actual.size(); ++i) squares += (actual[i] - expected[i]) * (actual[i] - expected[i]);
  const double error = std::sqrt(squares / static_cast<double>(actual.size()) / terms) * 3 / 4;
  const double growth = direction == ConvDirection::kFilterGradient ? 4e-8 * std::sqrt(terms) : 0;
  CHECK(actual.empty() || terms == 0 || error <= way.mean_error + growth,
        what + ": the mean error is " + std::to_string(error * 1e6) + "e-6");
}

// `magnitude`: of the terms of a sum, over 4. Only the engine takes what is not finite, or so large.
void check_conv(Conv conv, int threads, const ConvValues& values, bool engine_alone = false, double magnitude = 1) {
  const int32_t rank = conv.spatial_rank;
  const int64_t x_cells = grid(rank, conv.input, 1).cells(), y_cells = grid(rank, conv.output, 1).cells();
  const int64_t w_cells = grid(rank, conv.kernel, 1).cells();
  const int64_t group_inputs = conv.input_channels / conv.groups, group_outputs = conv.output_channels / conv.groups;
  const auto& [x, w, y] = values;
  std::vector<double> dx(x.size()), dw(w.size()), forward(y.size());
  for (int64_t n = 0; n < conv.batch; ++n) {
    for (int64_t o = 0; o < conv.output_channels; ++o) {
      for (int64_t c = 0; c < group_inputs; ++c) {
        const int64_t channel = o / group_outputs * group_inputs + c;
        each_meeting(conv, [&](int64_t cell, int64_t window, int64_t tap) {
          const size_t xi = at((n * conv.input_channels + channel) * x_cells + cell);
          const size_t wi = at((o * group_inputs + c) * w_cells + tap);
          const size_t yi = at((n * conv.output_channels + o) * y_cells + window);
          forward[yi] += x[xi] * w[wi];
          dx[xi] += y[yi] * w[wi];
          dw[wi] += x[xi] * y[yi];
        });
      }
    }
  }
  const auto run = [&](ConvDirection direction, const std::vector<double>& expected, double terms, const char* what) {
    conv.direction = direction;
    Workbench bench;
    const auto add = [&](const std::vector<double>& operand, bool is_result) {
      return is_result ? bench.add_result(DType::kFloat32, static_cast<int64_t>(operand.size()))
                       : bench.add(DType::kFloat32, operand);
    };
    conv.x = add(x, direction == ConvDirection::kInputGradient);
    conv.w = add(w, direction == ConvDirection::kFilterGradient);
    conv.y = add(y, direction == ConvDirection::kForward);
    const int32_t result = direction == ConvDirection::kForward         ? conv.y
                           : direction == ConvDirection::kInputGradient ? conv.x
                                                                        : conv.w;
    for (const Way& way : ways_of(conv, threads, engine_alone || x.empty() || w.empty() || y.empty())) {
      bench.run(way.run);
      const std::vector<double> actual = bench.values(result);
      check_close(actual, expected, 4e-7 * magnitude, 4 * (terms + 1 + way.roundings), what + (" by " + way.name));
      if (!engine_alone) check_mean_error(actual, expected, terms, direction, way, what + (" by " + way.name));
      bench.run([&](const cpu::Memory& memory) {
        std::fill_n(memory.at<float>(result), expected.size(), std::numeric_limits<float>::quiet_NaN());
      });
    }
  };
  run(ConvDirection::kForward, forward, static_cast<double>(group_inputs * w_cells), "conv");
  run(ConvDirection::kInputGradient, dx, static_cast<double>(group_outputs * w_cells), "convInputGradient");
  run(ConvDirection::kFilterGradient, dw, static_cast<double>(conv.batch * y_cells), "convFilterGradient");
}

ConvValues random_values(Random& random, const Conv& conv) {
  const int32_t rank = conv.spatial_rank;
  return {random.reals(conv.batch * conv.input_channels * grid(rank, conv.input, 1).cells()),
          random.reals(conv.output_channels * (conv.input_channels / conv.groups) * grid(rank, conv.kernel, 1).cells()),
          random.reals(conv.batch * conv.output_channels * grid(rank, conv.output, 1).cells())};
}

void check_conv(Random& random, const Conv& conv, int threads) {
  check_conv(conv, threads, random_values(random, conv));
}

TEST(conv_and_its_gradients_agree_with_their_definitions) {
  Random random(1);
  for (int round = 0; round < 200; ++round) check_conv(random, random_conv(random), round % 2 + 1);
}

// Padding is left out of every sum: 0 times infinity must not make NaN of it.
TEST(conv_keeps_infinities_and_nan_apart_from_padding) {
  Random random(5);
  for (int round = 0; round < 100; ++round) {
    const Conv conv = random_conv(random);
    ConvValues values = random_values(random, conv);
    for (std::vector<double>* operand : {&values.x, &values.w, &values.y}) {
      if (operand->empty() || random.chance(0.5)) continue;
      (*operand)[at(random.integer(0, static_cast<int64_t>(operand->size()) - 1))] =
          random.pick<double>({kInfinity, -kInfinity, kNaN});
    }
    check_conv(conv, round % 2 + 1, values, true);
  }
}

// Kernels that transforms of tiles take, with all padding that it takes: planes smaller than a vector and than a
// tile, blocks of channels that are not full.
TEST(conv_of_square_kernels_agrees_with_its_definition) {
  Random random(6);
  for (int round = 0; round < 60; ++round) {
    Conv conv{};
    conv.spatial_rank = 2;
    conv.groups = 1;
    conv.batch = random.integer(1, 3);
    conv.input_channels = random.pick<int64_t>({1, 3, 16, 17, 33});
    conv.output_channels = random.pick<int64_t>({1, 3, 16, 17, 33});
    const int64_t kernel = random.integer(2, 9);
    for (size_t d = 0; d < 2; ++d) {
      conv.kernel[d] = kernel;
      conv.stride[d] = conv.dilation[d] = 1;
      conv.pad_low[d] = random.integer(0, kernel - 1);
      conv.pad_high[d] = random.integer(0, kernel - 1);
      conv.input[d] = std::max(random.integer(1, 24), kernel - conv.pad_low[d] - conv.pad_high[d]);
      conv.output[d] = output_size(conv, d);
    }
    CHECK(cpu::tiled::has_tiling(conv, cpu::tiled::fourier()), "round", round);
    check_conv(random, conv, round % 3 + 1);
  }
}

// So many tiles that they are transformed and multiplied part by part.
TEST(conv_of_large_planes) {
  Random random(7);
  check_conv(random, Conv{{}, 2, 2, 1, 1, 1, {230, 190}, {3, 3}, {230, 190}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, 0, 0, 0},
             2);
}

// So many images that they are transformed and multiplied part by part, with weights that are kept and with weights
// that are too many for that.
TEST(conv_of_many_images) {
  Random random(9);
  const auto check = [&](int64_t batch, int64_t inputs, int64_t outputs) {
    check_conv(random,
               Conv{{}, 2, batch, inputs, outputs, 1, {2, 2}, {2, 2}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, 0, 0, 0},
               2);
  };
  check(130, 64, 40);
  check(80, 128, 96);
}

// In transforms of tiles an infinity meets its neighbours, and sums overflow that no cell of the result holds.
TEST(conv_keeps_infinities_out_of_cells_that_they_do_not_reach) {
  Random random(8);
  const Conv small{{}, 2, 2, 32, 32, 1, {12, 12}, {3, 3}, {12, 12}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, 0, 0, 0};
  const Conv large{{}, 2, 16, 32, 32, 1, {12, 12}, {5, 5}, {8, 8}, {1, 1}, {1, 1}, {0, 0}, {0, 0}, 0, 0, 0};
  CHECK(cpu::faster_tiles(small, cpu::Precision::kFloat32) == &cpu::tiled::winograd(),
        "Winograd's transforms are used");
  CHECK(cpu::faster_tiles(large, cpu::Precision::kFloat32) == &cpu::tiled::fourier(), "Fourier's transforms are used");
  for (const Conv& conv : {small, large}) {
    for (const double special : {kInfinity, -kInfinity, kNaN, 3e38}) {
      ConvValues values = random_values(random, conv);
      for (std::vector<double>* operand : {&values.x, &values.w, &values.y}) {
        const ConvValues plain = values;
        double& element = (*operand)[at(random.integer(0, static_cast<int64_t>(operand->size()) - 1))];
        element = special;
        if (std::isfinite(special)) {
          // The products fit.
          for (std::vector<double>* other : {&values.x, &values.w, &values.y}) {
            for (double& value : *other) value = &value == &element ? special : value * 1e-3;
          }
        }
        check_conv(conv, 2, values, true, std::isfinite(special) ? special * 1e-3 : 1);
        values = plain;
      }
    }
  }
}

TEST(conv_of_networks) {
  Random random(2);
  const auto square = [](int64_t n) { return Spatial{n, n}; };
  const Conv unpadded{{},        2,         16,        32,        32,        1, square(12), square(5),
                      square(8), square(1), square(1), square(0), square(0), 0, 0,          0};
  for (const ConvDirection direction :
       {ConvDirection::kForward, ConvDirection::kInputGradient, ConvDirection::kFilterGradient}) {
    Conv directed = unpadded;
    directed.direction = direction;
    CHECK(cpu::faster_tiles(directed, cpu::Precision::kFloat32) == &cpu::tiled::fourier(), "Fourier is used");
    if (direction == ConvDirection::kInputGradient) {
      CHECK(cpu::spreading_is_faster(directed, cpu::tiled::fourier()), "by its transpose");
    }
  }
  check_conv(random, unpadded, 2);
  check_conv(
      random,
      Conv{{}, 2, 4, 1, 6, 1, square(28), square(5), square(28), square(1), square(1), square(2), square(2), 0, 0, 0},
      2);
  check_conv(
      random,
      Conv{{}, 2, 4, 6, 16, 1, square(14), square(5), square(10), square(1), square(1), square(0), square(0), 0, 0, 0},
      2);
  check_conv(
      random,
      Conv{{}, 2, 2, 32, 48, 1, square(9), square(3), square(9), square(1), square(1), square(1), square(1), 0, 0, 0},
      2);
  check_conv(
      random,
      Conv{{}, 2, 2, 32, 64, 1, square(8), square(1), square(4), square(2), square(1), square(0), square(0), 0, 0, 0},
      2);
  check_conv(
      random,
      Conv{{}, 2, 2, 32, 32, 32, square(9), square(3), square(9), square(1), square(1), square(1), square(1), 0, 0, 0},
      2);
}

}  // namespace
}  // namespace bilevel::test
