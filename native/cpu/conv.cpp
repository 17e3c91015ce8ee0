#include <algorithm>
#include <optional>

#include "cpu/kernels.h"
#include "cpu/onednn.h"

namespace bilevel::cpu {
namespace {

// oneDNN takes no empty tensors: a result over nothing is zero, an empty result is nothing.
class ConvKernel final : public Kernel {
 public:
  ConvKernel(const Conv& conv, Settings settings) : conv_(conv) {
    const auto volume = [&](const Spatial& sizes) { return sizes[0] * (conv.spatial_rank == 2 ? sizes[1] : 1); };
    const int64_t x = conv.batch * conv.input_channels * volume(conv.input);
    const int64_t w = conv.output_channels * (conv.input_channels / conv.groups) * volume(conv.kernel);
    const int64_t y = conv.batch * conv.output_channels * volume(conv.output);
    switch (conv.direction) {
      case ConvDirection::kForward:
        written_ = conv.y;
        written_count_ = y;
        break;
      case ConvDirection::kInputGradient:
        written_ = conv.x;
        written_count_ = x;
        break;
      case ConvDirection::kFilterGradient:
        written_ = conv.w;
        written_count_ = w;
        break;
    }
    if (x > 0 && w > 0 && y > 0) convolution_.emplace(conv, settings);
  }

  void run(const Memory& memory) override {
    if (convolution_) {
      convolution_->run(memory.at<float>(conv_.x), memory.at<float>(conv_.w), memory.at<float>(conv_.y));
    } else {
      std::fill_n(memory.at<float>(written_), written_count_, 0.0f);
    }
  }

 private:
  const Conv conv_;
  int32_t written_ = 0;
  int64_t written_count_ = 0;
  std::optional<onednn::Convolution> convolution_;
};

}  // namespace

KernelPointer make_conv(const Conv& conv, Settings settings) { return std::make_unique<ConvKernel>(conv, settings); }

}  // namespace bilevel::cpu
