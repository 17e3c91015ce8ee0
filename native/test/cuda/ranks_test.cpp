// Sums over processes that compute together, made on the host between what a device does.
#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "cuda/engine.h"
#include "engine/ranks.h"
#include "program/error.h"
#include "test/cuda/fake_device.h"
#include "test/support/bound_run.h"
#include "test/support/encoder.h"
#include "test/support/test.h"

namespace bilevel::test {
namespace {

constexpr auto kF = DType::kFloat32;
constexpr int64_t kCount = 5000;

// Three processes that all have the same, of which the others are not there.
class Tripled final : public Ranks {
 public:
  void all_reduce(const float* x, float* y, int64_t count, const Control* control) const override {
    ++calls;
    if (is_lost) throw Error("RANKS_LOST", "nobody came");
    if (stopped != nullptr && control != nullptr) {
      (*stopped)[0] = 1;
      return;
    }
    std::transform(x, x + count, y, [](float value) { return 3 * value; });
  }
  mutable int calls = 0;
  bool is_lost = false;
  std::array<int32_t, 2>* stopped = nullptr;  // asked to stop by this sum, where it may be
};

// In each step x becomes the sum of the sum of 2 x, and z that of x as it was: 18 x with three processes, and 3 x.
Encoder with_sums() {
  Encoder program;
  const int32_t x = program.bound(program.binding(kF, kCount, Access::kReadWrite)),
                z = program.bound(program.binding(kF, kCount, Access::kWrite)), y = program.arena(kF, kCount),
                once = program.arena(kF, kCount), twice = program.arena(kF, kCount);
  program.body(Opcode::kAllReduce, {kCount, double(x), double(z)});
  program.body(Opcode::kFused, elementwise(kCount, TapeOp::kAdd, {x, x}, y));
  program.body(Opcode::kAllReduce, {kCount, double(y), double(once)});
  program.body(Opcode::kAllReduce, {kCount, double(once), double(twice)});
  program.body(Opcode::kFused, elementwise(kCount, TapeOp::kAbs, {twice}, x));
  return program;
}

struct Loaded {
  explicit Loaded(std::shared_ptr<const Ranks> ranks)
      : engine((fake_compiler(), cuda::make_engine({}, std::move(ranks)))),
        program(engine->load(decoded(sample), sample.constants())) {}
  Encoder sample = with_sums();
  std::shared_ptr<const Engine> engine;
  std::shared_ptr<Executable> program;
};

TEST(a_step_meets_the_other_ranks_between_its_kernels) {
  const auto ranks = std::make_shared<Tripled>();
  const Loaded loaded(ranks);
  for (const bool is_timed : {false, true}) {
    BoundRun bound(loaded.program->program(), 3);
    bound.at<float>(0)[0] = 1;
    bound.at<float>(0)[kCount - 1] = 2;
    std::vector<double> seconds(is_timed ? 5 : 0);
    ranks->calls = 0;
    CHECK(bound.execute(*loaded.program, seconds) == 3);
    CHECK(ranks->calls == 9, ranks->calls);
    CHECK(bound.at<float>(0)[0] == 18 * 18 * 18, bound.at<float>(0)[0]);
    CHECK(bound.at<float>(0)[kCount - 1] == 2 * 18 * 18 * 18, bound.at<float>(0)[kCount - 1]);
    CHECK(bound.at<float>(1)[0] == 3 * 18 * 18, bound.at<float>(1)[0]);
    for (const double each : seconds) CHECK(each > 0, each);
  }
}

TEST(a_process_alone_has_sums_of_one_term) {
  const Loaded loaded(nullptr);
  BoundRun bound(loaded.program->program(), 3);
  bound.at<float>(0)[1] = 1;
  CHECK(bound.execute(*loaded.program) == 3);
  CHECK(bound.at<float>(0)[1] == 8, bound.at<float>(0)[1]);
}

TEST(ranks_that_do_not_come_are_an_error_after_which_the_device_goes_on) {
  const auto ranks = std::make_shared<Tripled>();
  const Loaded loaded(ranks);
  BoundRun bound(loaded.program->program(), 1);
  ranks->is_lost = true;
  std::string code;
  try {
    bound.execute(*loaded.program);
  } catch (const Error& error) {
    code = error.code();
  }
  CHECK(code == "RANKS_LOST", code);
  ranks->is_lost = false;
  bound.at<float>(0)[2] = 1;
  CHECK(bound.execute(*loaded.program) == 1);
  CHECK(bound.at<float>(0)[2] == 18, bound.at<float>(0)[2]);
}

TEST(a_sum_is_given_up_only_where_the_bindings_hold_whole_steps) {
  const auto ranks = std::make_shared<Tripled>();
  const Loaded loaded(ranks);
  BoundRun bound(loaded.program->program(), 2);
  bound.at<float>(0)[0] = 1;
  ranks->stopped = &bound.control;
  // In the first step nothing has changed that was there before until x is written, so that its first sum is given up.
  CHECK(bound.execute(*loaded.program) == 0);
  CHECK(ranks->calls == 1, ranks->calls);
  CHECK(bound.at<float>(0)[0] == 1, bound.at<float>(0)[0]);
}

}  // namespace
}  // namespace bilevel::test
