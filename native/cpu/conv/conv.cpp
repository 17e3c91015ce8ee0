#include "cpu/conv/conv.h"

#include <algorithm>
#include <type_traits>
#include <variant>

#include "cpu/conv/choice.h"
#include "cpu/conv/direct/correlation.h"
#include "cpu/conv/direct/filter_gradient.h"
#include "cpu/conv/library.h"
#include "cpu/conv/skipping.h"
#include "cpu/conv/tiled/correlation.h"
#include "cpu/conv/tiled/filter_gradient.h"
#include "cpu/conv/tiled/input_gradient.h"
#include "cpu/kernel/interrupt.h"

namespace bilevel::cpu {
namespace {

// oneDNN takes no empty tensors: a result over nothing is zero, an empty result is nothing.
class ConvKernel final : public Kernel {
 public:
  ConvKernel(const Conv& conv, Settings settings) : conv_(conv), threads_(settings.threads) {
    const auto volume = [&](const Spatial& sizes) { return sizes[0] * (conv.spatial_rank == 2 ? sizes[1] : 1); };
    const int64_t x = conv.batch * conv.input_channels * volume(conv.input);
    const int64_t w = conv.output_channels * (conv.input_channels / conv.groups) * volume(conv.kernel);
    const int64_t y = conv.batch * conv.output_channels * volume(conv.output);
    if (x == 0 || w == 0 || y == 0) {
      const bool forward = conv.direction == ConvDirection::kForward;
      const bool input_gradient = conv.direction == ConvDirection::kInputGradient;
      way_ = Zeros{forward ? conv.y : input_gradient ? conv.x : conv.w, forward ? y : input_gradient ? x : w};
      return;
    }
    if (const tiled::Loops* loops = faster_tiles(conv, settings.precision)) {
      if (conv.direction == ConvDirection::kFilterGradient) {
        tiled_.emplace<tiled::FilterGradient>(conv, settings.threads, *loops);
      } else if (spreading_is_faster(conv, *loops)) {
        tiled_.emplace<tiled::InputGradient>(conv, settings.threads, *loops);
      } else {
        tiled_.emplace<tiled::Correlation>(conv, settings.threads, *loops);
      }
    }
    if (!direct_is_faster(conv, settings.precision)) {
      way_.emplace<LibraryConvolution>(conv, settings);
    } else if (conv.direction == ConvDirection::kFilterGradient) {
      way_.emplace<direct::FilterGradient>(conv, settings.threads);
    } else {
      way_.emplace<direct::Correlation>(conv, settings.threads);
    }
  }

  int64_t workspace_bytes() const override {
    int64_t bytes = 0;
    const auto add = [&](const auto& way) {
      if constexpr (requires { way.workspace_bytes(); }) bytes = std::max(bytes, way.workspace_bytes());
    };
    std::visit(add, way_);
    std::visit(add, tiled_);
    return bytes;
  }

  bool forks() const override { return threads_ > 1 && std::holds_alternative<LibraryConvolution>(way_); }

  void run(const Memory& memory) override {
    if (const Zeros* zeros = std::get_if<Zeros>(&way_)) {
      std::fill_n(memory.at<float>(zeros->buffer), zeros->count, 0.0f);
      return;
    }
    float* x = memory.at<float>(conv_.x);
    float* w = memory.at<float>(conv_.w);
    float* y = memory.at<float>(conv_.y);
    const bool writes_w = conv_.direction == ConvDirection::kFilterGradient;
    const bool is_special = !writes_w && meets_padding_with_infinity(conv_, w);
    if (!is_special) compute(x, w, y, memory.workspace);
    if (Interrupt().requested()) return;
    if (is_special || (writes_w && meets_padding_with_infinity(conv_, w))) {
      convolve_skipping_padding(conv_, x, w, y, threads_);
    }
  }

 private:
  struct Zeros {
    int32_t buffer;
    int64_t count;
  };

  void compute(float* x, float* w, float* y, std::byte* workspace) {
    if (compute_by_tiles(x, w, y, workspace) || Interrupt().requested()) return;
    const auto run_way = [&](auto& way) {
      if constexpr (std::is_same_v<decltype(way), LibraryConvolution&>) {
        way.run(x, w, y, workspace);
      } else if constexpr (!std::is_same_v<decltype(way), Zeros&>) {
        way.run(x, w, y);
      }
    };
    std::visit(run_way, way_);
  }

  bool compute_by_tiles(float* x, float* w, float* y, std::byte* workspace) const {
    if (const auto* gradient = std::get_if<tiled::FilterGradient>(&tiled_)) return gradient->run(x, w, y, workspace);
    if (const auto* gradient = std::get_if<tiled::InputGradient>(&tiled_)) return gradient->run(x, w, y, workspace);
    const auto* correlation = std::get_if<tiled::Correlation>(&tiled_);
    if (!correlation) return false;
    const bool forward = conv_.direction == ConvDirection::kForward;
    return correlation->run(forward ? x : y, w, forward ? y : x, workspace);
  }

  const Conv conv_;
  const int threads_;
  std::variant<std::monostate, tiled::Correlation, tiled::InputGradient, tiled::FilterGradient> tiled_;
  // What else computes it, also where `tiled_` meets what is not finite.
  std::variant<Zeros, LibraryConvolution, direct::Correlation, direct::FilterGradient> way_;
};

}  // namespace

KernelPointer make_conv(const Conv& conv, Settings settings) { return std::make_unique<ConvKernel>(conv, settings); }

}  // namespace bilevel::cpu
