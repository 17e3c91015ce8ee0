#include "test/support/random_windows.h"

#include <algorithm>

namespace bilevel::test {

int64_t pooled_size(const Pool& pool, size_t d, bool ceil) {
  const int64_t room = pool.input[d] + pool.pad_low[d] + pool.pad_high[d] - pool.dilation[d] * (pool.kernel[d] - 1) - 1;
  const int64_t windows = room / pool.stride[d] + 1;
  const bool one_more =
      ceil && room % pool.stride[d] != 0 && windows * pool.stride[d] < pool.input[d] + pool.pad_low[d];
  return windows + one_more;
}

Pool random_pool(Random& random, bool dilated) {
  while (true) {
    Pool pool{};
    pool.spatial_rank = static_cast<int32_t>(random.integer(1, 2));
    pool.planes = random.pick<int64_t>({0, 1, 2, 7, 70});
    pool.count_include_pad = random.chance(0.5);
    bool usable = true;
    for (size_t d = 0; d < static_cast<size_t>(pool.spatial_rank); ++d) {
      pool.kernel[d] = random.integer(1, 4);
      pool.stride[d] = random.integer(1, 3);
      pool.dilation[d] = dilated ? random.pick<int64_t>({1, 1, 2}) : 1;
      pool.pad_low[d] = random.integer(0, pool.kernel[d] / 2);
      pool.pad_high[d] = random.integer(0, pool.kernel[d] / 2);
      pool.input[d] = random.integer(1, 40);
      const int64_t extent = pool.dilation[d] * (pool.kernel[d] - 1) + 1;
      usable = usable && pool.input[d] + pool.pad_low[d] + pool.pad_high[d] >= extent;
      pool.output[d] = usable ? pooled_size(pool, d, random.chance(0.5)) : 0;
      // A dilated window could step over a small input.
      usable = usable && (pool.dilation[d] == 1 || pool.input[d] > 3 * extent);
    }
    if (usable) return pool;
  }
}

int64_t output_size(const Conv& conv, size_t d) {
  return (conv.input[d] + conv.pad_low[d] + conv.pad_high[d] - conv.dilation[d] * (conv.kernel[d] - 1) - 1) /
             conv.stride[d] +
         1;
}

Conv random_conv(Random& random) {
  Conv conv{};
  conv.spatial_rank = static_cast<int32_t>(random.integer(1, 2));
  conv.batch = random.pick<int64_t>({0, 1, 1, 2, 3, 5});
  conv.groups = random.pick<int64_t>({1, 1, 1, 2, 3});
  conv.input_channels = conv.groups * random.pick<int64_t>({1, 2, 3, 16});
  conv.output_channels = conv.groups * random.pick<int64_t>({1, 2, 5, 11, 16});
  const bool strided = random.chance(0.5);
  for (size_t d = 0; d < static_cast<size_t>(conv.spatial_rank); ++d) {
    conv.kernel[d] = random.integer(1, 4);
    conv.dilation[d] = random.pick<int64_t>({1, 1, 2});
    conv.stride[d] = strided ? random.pick<int64_t>({1, 2, 3}) : 1;
    conv.pad_low[d] = random.integer(0, 2);
    conv.pad_high[d] = random.integer(0, 2);
    const int64_t least = conv.dilation[d] * (conv.kernel[d] - 1) + 1 - conv.pad_low[d] - conv.pad_high[d];
    const int64_t most = conv.spatial_rank == 1 ? 60 : random.pick<int64_t>({9, 20});
    conv.input[d] = std::max<int64_t>(random.chance(0.05) ? 0 : random.integer(1, most), least);
    conv.output[d] = output_size(conv, d);
  }
  return conv;
}

}  // namespace bilevel::test
