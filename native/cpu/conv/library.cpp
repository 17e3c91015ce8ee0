#include "cpu/conv/library.h"

#include <algorithm>

#include "cpu/kernel/interrupt.h"
#include "cpu/kernel/parallel.h"
#include "cpu/kernel/scratch.h"

namespace bilevel::cpu {
namespace {

int64_t volume(const Conv& conv, const Spatial& sizes) { return sizes[0] * (conv.spatial_rank == 2 ? sizes[1] : 1); }

int64_t weights_of(const Conv& conv) {
  return conv.output_channels * (conv.input_channels / conv.groups) * volume(conv, conv.kernel);
}

// As many as take some tens of milliseconds.
int64_t samples_at_once(const Conv& conv) {
  constexpr int64_t kWork = int64_t{1} << 32;
  const auto work = static_cast<double>(weights_of(conv)) * static_cast<double>(volume(conv, conv.output));
  return std::clamp(static_cast<int64_t>(static_cast<double>(kWork) / work), int64_t{1}, conv.batch);
}

Conv with_batch(Conv conv, int64_t batch) {
  conv.batch = batch;
  return conv;
}

}  // namespace

LibraryConvolution::LibraryConvolution(const Conv& conv, Settings settings)
    : conv_(conv),
      threads_(settings.threads),
      samples_(samples_at_once(conv)),
      most_(with_batch(conv, samples_), settings) {
  const int64_t rest = conv.batch % samples_;
  if (rest > 0) last_.emplace(with_batch(conv, rest), settings);
}

int64_t LibraryConvolution::summed_weights() const {
  return conv_.direction == ConvDirection::kFilterGradient && samples_ < conv_.batch ? weights_of(conv_) : 0;
}

int64_t LibraryConvolution::workspace_bytes() const {
  return round_up(summed_weights() * int64_t{sizeof(float)}, kCacheLine) +
         std::max(most_.workspace_bytes(), last_ ? last_->workspace_bytes() : 0);
}

void LibraryConvolution::run(float* x, float* w, float* y, std::byte* workspace) {
  const int64_t x_sample = conv_.input_channels * volume(conv_, conv_.input);
  const int64_t y_sample = conv_.output_channels * volume(conv_, conv_.output);
  const int64_t weights = summed_weights();
  float* const summand = reinterpret_cast<float*>(workspace);
  workspace += round_up(weights * int64_t{sizeof(float)}, kCacheLine);
  const Interrupt interrupt;
  for (int64_t sample = 0; sample < conv_.batch && !interrupt.requested(); sample += samples_) {
    const bool adds = weights > 0 && sample > 0;
    onednn::Convolution& part = conv_.batch - sample < samples_ ? *last_ : most_;
    part.run(x + sample * x_sample, adds ? summand : w, y + sample * y_sample, workspace);
    if (!adds) continue;
    const int parts = useful_threads(weights, threads_);
    parallel(parts, [&](int own) {
      const Range range = share(weights, own, parts);
      for (int64_t i = range.begin; i < range.end; ++i) w[i] += summand[i];
    });
  }
}

}  // namespace bilevel::cpu
