// Generated kernels of fused instructions against the interpreter.
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "cuda/codegen/generate.h"
#include "test/cuda/emulated_kernels.h"
#include "test/support/fused_interpreter.h"
#include "test/support/fused_maker.h"
#include "test/support/test.h"

namespace bilevel::test {
namespace {

struct FusedCase {
  std::unique_ptr<GuardedBuffers> buffers;
  Fused fused;
};

FusedCase random_case(uint32_t seed) {
  Random random(seed);
  const int64_t rank = random.integer(0, 4);
  std::vector<int64_t> sizes;
  for (int64_t d = 0; d < rank; ++d) sizes.push_back(random.pick<int64_t>({1, 2, 3, 5, 8, 12, 17}));
  const auto any = [&]() -> int64_t& { return sizes[static_cast<size_t>(random.integer(0, rank - 1))]; };
  if (rank > 0 && random.chance(0.05)) any() = 0;
  if (rank > 0 && rank < 4 && random.chance(0.2)) any() = random.pick<int64_t>({300, 1031});
  const auto outer = static_cast<int32_t>(random.integer(0, rank));
  const int32_t reduced = random.chance(0.5) ? 0 : static_cast<int32_t>(random.integer(0, rank - outer));
  FusedCase made{std::make_unique<GuardedBuffers>(), {}};
  made.fused = FusedMaker(*made.buffers, random).make(sizes, outer, reduced);
  return made;
}

// Runs the kernels in every order, which must give the same bits, and compares what they made with the interpreter.
void check(const EmulatedKernels& device, GuardedBuffers& buffers, const Fused& fused,
           std::span<const cuda::Kernel> kernels, const std::string& what) {
  const Expected expected = interpret(buffers, fused);
  const GuardedBuffers::Contents before = buffers.contents();
  GuardedBuffers::Contents first;
  for (const emulation::Order order : kOrders) {
    buffers.set_contents(before);
    buffers.run([&](std::byte* const* addresses) { device.run(kernels, addresses, order, 1); });
    if (order == kOrders.front()) first = buffers.contents();
    CHECK(buffers.contents() == first, what, "has other bits in another order of threads");
  }
  for (size_t b = 0; b < expected.buffers.size(); ++b) {
    const std::vector<double> actual = buffers.values(static_cast<int32_t>(b));
    for (size_t i = 0; i < actual.size(); ++i) {
      const double a = actual[i], e = expected.buffers[b][i];
      const bool close =
          a == e || (std::isnan(a) && std::isnan(e)) || std::abs(a - e) <= 1.2e-7 * expected.scales[b][i];
      CHECK(close, what, "buffer", b, "element", i, "is", a, "expected", e);
    }
  }
}

TEST(random_fused_kernels_agree_with_the_interpreter) {
  constexpr uint32_t kCases = 2000;
  std::vector<FusedCase> cases;
  std::vector<std::vector<cuda::Kernel>> kernels;
  for (uint32_t seed = 0; seed < kCases; ++seed) {
    cases.push_back(random_case(seed));
    kernels.push_back(cuda::generate(cases.back().buffers->program(), cases.back().fused));
  }
  const EmulatedKernels device(kernels);
  for (size_t i = 0; i < cases.size(); ++i) {
    check(device, *cases[i].buffers, cases[i].fused, kernels[i], "seed " + std::to_string(i));
  }
}

}  // namespace
}  // namespace bilevel::test
