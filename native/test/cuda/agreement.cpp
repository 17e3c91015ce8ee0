#include "test/cuda/agreement.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "test/support/test.h"

namespace bilevel::test {
namespace {

// Each bit, but for the payload of a NaN.
bool are_same(double a, double b) { return (a == b && std::signbit(a) == std::signbit(b)) || (a != a && b != b); }

}  // namespace

void check_agreement(const EmulatedKernels& device, std::span<const cuda::Kernel> kernels, Workbench& bench,
                     const Operation& operation, std::span<const int32_t> results, double tolerance,
                     const std::string& what, uint32_t seed) {
  const GuardedBuffers::Contents before = bench.contents();
  bench.run(operation);
  std::vector<std::vector<double>> expected;
  for (const int32_t result : results) expected.push_back(bench.values(result));
  std::optional<GuardedBuffers::Contents> first;
  for (const emulation::Order order : kOrders) {
    bench.set_contents(before);
    bench.GuardedBuffers::run([&](std::byte* const* addresses) {
      CHECK(device.run(kernels, addresses, order, seed) == cuda::kNoWrongIndex, what);
    });
    if (!first) first = bench.contents();
    CHECK(bench.contents() == *first, what, "has other bits in another order of threads");
  }
  for (size_t r = 0; r < results.size(); ++r) {
    const std::vector<double> actual = bench.values(results[r]);
    for (size_t e = 0; e < actual.size(); ++e) {
      const double a = actual[e], x = expected[r][e];
      CHECK(are_same(a, x) || std::abs(a - x) <= tolerance, what, "element", e, "is", a, "on the CPU", x);
    }
  }
  for (size_t b = 0; b < before.size(); ++b) {
    const bool is_result = std::find(results.begin(), results.end(), static_cast<int32_t>(b)) != results.end();
    CHECK(is_result || (*first)[b] == before[b], what, "writes to operand", b);
  }
}

}  // namespace bilevel::test
