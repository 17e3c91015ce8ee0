// Philox4x32-10 of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).
#pragma once

#include "cuda/kernels/prelude.cuh"

namespace bilevel {

// A thread for each four of kCount results. Sizes: Number, kCount.
template <typename Sizes>
BILEVEL_INLINE void random_uniform(uint32_t block, const int32_t* key, float* y) {
  using Number = typename Sizes::Number;
  const uint64_t counter = thread_number<Number>(block);
  const int64_t first = 4 * static_cast<int64_t>(counter);
  if (first >= Sizes::kCount) return;
  uint32_t c[4] = {static_cast<uint32_t>(counter), static_cast<uint32_t>(counter >> 32), 0, 0};
  uint32_t key0 = static_cast<uint32_t>(key[0]), key1 = static_cast<uint32_t>(key[1]);
  for (int round = 0; round < 10; ++round) {
    const uint32_t high0 = __umulhi(0xD2511F53u, c[0]), low0 = 0xD2511F53u * c[0];
    const uint32_t high1 = __umulhi(0xCD9E8D57u, c[2]), low1 = 0xCD9E8D57u * c[2];
    c[0] = high1 ^ c[1] ^ key0;
    c[1] = low1;
    c[2] = high0 ^ c[3] ^ key1;
    c[3] = low0;
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  constexpr float kScale = 1.0f / 16777216.0f;
  for (int word = 0; word < 4 && first + word < Sizes::kCount; ++word) {
    y[first + word] = static_cast<float>(c[word] >> 8) * kScale;
  }
}

}  // namespace bilevel
