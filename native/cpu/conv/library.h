// A convolution that oneDNN computes, a part of the batch in each call: a call cannot be interrupted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "cpu/onednn/operations.h"

namespace bilevel::cpu {

class LibraryConvolution {
 public:
  // Without empty dimensions.
  LibraryConvolution(const Conv& conv, Settings settings);
  int64_t workspace_bytes() const;
  void run(float* x, float* w, float* y, std::byte* workspace);

 private:
  // Of the filter's gradient, where there are several calls; 0 otherwise.
  int64_t summed_weights() const;

  Conv conv_;
  int threads_;
  int64_t samples_;                          // in a call
  onednn::Convolution most_;                 // of so many samples
  std::optional<onednn::Convolution> last_;  // of those that are left over
};

}  // namespace bilevel::cpu
