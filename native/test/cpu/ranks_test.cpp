// Sums over processes that compute together.
#include <algorithm>
#include <vector>

#include "cpu/make_kernel.h"
#include "engine/ranks.h"
#include "test/cpu/workbench.h"
#include "test/support/test.h"

namespace bilevel::test {
namespace {

// Three processes that all have the same, of which the others are not there.
class Tripled final : public Ranks {
 public:
  void all_reduce(const float* x, float* y, int64_t count, const Control* control) const override {
    std::transform(x, x + count, y, [](float value) { return 3 * value; });
    was_interruptible = control != nullptr;
  }
  mutable bool was_interruptible = true;
};

TEST(a_process_alone_has_the_sum_of_its_one_term) {
  Workbench bench;
  const int32_t x = bench.add(DType::kFloat32, {1, -2, 3}), y = bench.add_result(DType::kFloat32, 3);
  bench.run(AllReduce{3, x, y});
  check_close(bench.values(y), {1, -2, 3}, 0, 1, "allReduce");
}

TEST(a_sum_is_that_of_the_ranks_and_waits_on_the_thread_of_the_executor) {
  Workbench bench;
  const Tripled ranks;
  const int32_t x = bench.add(DType::kFloat32, {1, -2, 3}), y = bench.add_result(DType::kFloat32, 3);
  const auto kernel = cpu::make_kernel(bench.program(), AllReduce{3, x, y}, {.threads = 1, .ranks = &ranks});
  CHECK(kernel->forks(), "a thread of JavaScript may wait");
  bench.run([&](const cpu::Memory& memory) { kernel->run(memory); });
  check_close(bench.values(y), {3, -6, 9}, 0, 1, "allReduce");
  CHECK(!ranks.was_interruptible, "nothing may stop this run");
}

}  // namespace
}  // namespace bilevel::test
