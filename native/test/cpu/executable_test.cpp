// Running programs: prologue and steps, per-step bindings, stopping at whole steps, no allocation.
#include "cpu/executable.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <new>
#include <string>

#include "program/error.h"
#include "test/cpu/allocations.h"
#include "test/support/bound_run.h"
#include "test/support/encoder.h"
#include "test/support/program_samples.h"
#include "test/support/test.h"

// An allocation that is too large returns null under the address sanitizer too, as it does without.
extern "C" __attribute__((visibility("default"))) const char* __asan_default_options() {
  return "allocator_may_return_null=1";
}

namespace bilevel {
namespace {

using cpu::Executable;
using test::BoundRun;
using test::Encoder;

constexpr auto kF = DType::kFloat32;

Executable load(const Encoder& program, int threads = 1) {
  return Executable(test::decoded(program), program.constants(), {threads});
}

// doubled = 2 x once a run; every step: total += row + doubled.
Encoder accumulator() {
  Encoder program;
  const int32_t x = program.bound(program.binding(kF, 2, Access::kRead));
  const int32_t row = program.bound(program.binding(kF, 2, Access::kRead, true));
  const int32_t total = program.bound(program.binding(kF, 2, Access::kReadWrite));
  const int32_t doubled = program.arena(kF, 2), sum = program.arena(kF, 2);
  program.prologue(Opcode::kFused, test::elementwise(2, TapeOp::kAdd, {x, x}, doubled));
  program.body(Opcode::kFused, test::elementwise(2, TapeOp::kAdd, {row, doubled}, sum));
  program.body(Opcode::kFused, test::elementwise(2, TapeOp::kAdd, {total, sum}, total));
  return program;
}

TEST(steps_see_their_own_rows) {
  Executable executable = load(accumulator());
  BoundRun run(executable.program(), 3);
  std::fill_n(run.at<float>(0), 2, 100.0f);
  for (int i = 0; i < 6; ++i) run.at<float>(1)[i] = static_cast<float>(i);
  CHECK(run.execute(executable) == 3);
  CHECK(run.at<float>(2)[0] == 606 && run.at<float>(2)[1] == 609, run.at<float>(2)[0], run.at<float>(2)[1]);
  CHECK(run.control[1] == 3);
  run.execute(executable);
  CHECK(run.at<float>(2)[0] == 1212, run.at<float>(2)[0]);
}

// x [8, 16, 16384] minus the largest of its channel, with the other sign: passes that are large enough to be a chain.
TEST(a_chain_is_one_task_whose_instructions_share_its_time) {
  constexpr int32_t kColumns = 16384, kRow = 16 * kColumns, kCount = 8 * kRow;
  Encoder program;
  const double x = program.bound(program.binding(kF, kCount, Access::kRead));
  const double y = program.bound(program.binding(kF, kCount, Access::kReadWrite));
  const double largest = program.arena(kF, 16);
  const double max = 2, sub = double(TapeOp::kSub), neg = double(TapeOp::kNeg);
  program.body(Opcode::kFused,
               {3, 1, 2, 16, 8, kColumns, 1, x, 0, kColumns, kRow, 1, 0, 1, max, 0, largest, 0, 1, 0, 0});
  program.body(Opcode::kFused, {3, 3, 0,   8, 16, kColumns, 2, x, 0, kRow, kColumns, 1, largest, 0,    0,        1,
                                0, 1, sub, 2, 0,  1,        0, 0, 1, 0,    2,        y, 0,       kRow, kColumns, 1});
  program.body(Opcode::kFused, {3, 3, 0, 8, 16, kColumns, 1, y, 0, kRow, kColumns, 1,        1, neg,
                                1, 0, 0, 0, 0,  1,        0, 1, y, 0,    kRow,     kColumns, 1});
  Executable executable = load(program, 2);
  BoundRun run(executable.program(), 2);
  for (int i = 0; i < kCount; ++i) run.at<float>(0)[i] = static_cast<float>(i % 77 + i / kColumns % 16);
  std::array<double, 3> seconds{};
  CHECK(run.execute(executable, seconds) == 2);
  // The first one reads a large tensor, the others read one and write one.
  CHECK(seconds[0] > 0 && std::abs(seconds[1] / seconds[0] - 2) < 0.1, seconds[0], seconds[1]);
  CHECK(std::abs(seconds[2] / seconds[0] - 2) < 0.1, seconds[0], seconds[2]);
  for (int i = 0; i < kCount; ++i) {
    const auto expected = static_cast<float>(76 - i % 77);
    CHECK(run.at<float>(1)[i] == expected, i, run.at<float>(1)[i], expected);
  }
  // A step that is given up has written nothing.
  std::fill_n(run.at<float>(1), kCount, 5.0f);
  run.control[0] = 1;
  CHECK(run.execute(executable) == 0 && run.at<float>(1)[0] == 5);
}

TEST(a_run_that_is_told_to_stop_changes_nothing) {
  Executable executable = load(accumulator());
  BoundRun run(executable.program(), 3);
  std::fill_n(run.at<float>(0), 2, 1.0f);
  run.control[0] = 1;
  CHECK(run.execute(executable) == 0 && run.at<float>(2)[0] == 0);
  run.control[0] = 0;
  run.cancelled = true;
  CHECK(run.execute(executable) == 0 && run.at<float>(2)[0] == 0);
}

// The flag is the program's own doing: the first instruction of the step after `stop_step` sets it, before or after the
// step's first write to a binding.
int32_t steps_when_stopped(bool writes_first, float& total) {
  Encoder program;
  const int32_t flag_binding = program.binding(DType::kInt32, 2, Access::kWrite);
  const int32_t flag = program.bound(flag_binding);
  const int32_t request = program.bound(program.binding(DType::kInt32, 2, Access::kRead, true));
  const int32_t count = program.bound(program.binding(kF, 1, Access::kReadWrite));
  const int32_t one = program.constant({1}), scratch = program.arena(kF, 1);
  if (writes_first) program.body(Opcode::kFused, test::elementwise(1, TapeOp::kAdd, {count, one}, count));
  program.body(Opcode::kFused, test::elementwise(2, TapeOp::kMaximum, {request, request}, flag));
  program.body(Opcode::kFused, test::elementwise(1, TapeOp::kNeg, {one}, scratch));
  if (!writes_first) program.body(Opcode::kFused, test::elementwise(1, TapeOp::kAdd, {count, one}, count));
  Program decoded = test::decoded(program);
  // The write of the flag is not one of the run's results here.
  decoded.first_binding_write = writes_first ? 0 : 2;
  Executable executable(std::move(decoded), program.constants(), {1});
  BoundRun run(executable.program(), 5);
  run.at<int32_t>(1)[2 * 2] = 1;  // in the third step
  const std::array<Place, 3> tensors = {
      {{reinterpret_cast<std::byte*>(run.control.data())}, {run.at<std::byte>(1)}, {run.at<std::byte>(2)}}};
  const int32_t completed = executable.run(tensors, 5, Control(run.control.data(), run.cancelled), {});
  total = run.at<float>(2)[0];
  return completed;
}

TEST(a_step_that_has_written_is_finished_and_another_is_given_up) {
  float total = 0;
  CHECK(steps_when_stopped(true, total) == 3 && total == 3, total);
  CHECK(steps_when_stopped(false, total) == 2 && total == 2, total);
}

TEST(nothing_is_allocated_after_the_first_run) {
  for (const Encoder& program : test::sample_programs()) {
    for (const int threads : {1, 2}) {
      Executable executable = load(program, threads);
      BoundRun run(executable.program(), 4);
      run.execute(executable);
      const auto [count, largest_bytes] = test::allocations_during([&] { run.execute(executable); });
      const auto& body = executable.program().body;
      const bool uses_onednn = std::any_of(body.begin(), body.end(),
                                           [](const auto& i) { return std::holds_alternative<Conv>(i.operation); });
      // oneDNN allocates the list of its arguments, and nothing else, whenever a convolution is executed.
      CHECK(uses_onednn ? largest_bytes <= 1024 : count == 0, count, "allocations, up to", largest_bytes, "bytes");
    }
  }
}

TEST(a_run_that_gets_no_memory_is_an_error_and_the_next_one_is_whole) {
  for (const Encoder& program : test::sample_programs()) {
    // oneDNN keeps what it had when it gets no memory for a primitive.
    const Program decoded = test::decoded(program);
    if (std::any_of(decoded.body.begin(), decoded.body.end(),
                    [](const auto& i) { return std::holds_alternative<Conv>(i.operation); })) {
      continue;
    }
    Executable reference = load(program);
    BoundRun expected(reference.program(), 2);
    expected.execute(reference);
    int refusals = 0;
    for (int64_t which = 0;; ++which) {
      Executable executable = load(program);
      BoundRun run(executable.program(), 2);
      bool is_refused = true;
      try {
        is_refused = test::refuses_allocation(which, [&] { run.execute(executable); });
      } catch (const std::bad_alloc&) {
      } catch (const Error& error) {
        CHECK(std::string(error.code()) == "NATIVE_FAILURE", error.code());  // as oneDNN tells it
      }
      if (!is_refused) break;
      ++refusals;
      BoundRun again(executable.program(), 2);
      CHECK(again.execute(executable) == 2 && again.memory() == expected.memory(), "after allocation", which);
    }
    CHECK(refusals > 0);
  }
}

TEST(a_run_tells_how_long_the_next_one_takes) {
  Executable executable = load(test::sample_programs().front(), 1);
  CHECK(!executable.expected_time(1), "nothing is known before the first run");
  BoundRun run(executable.program(), 4);
  run.control[0] = 1;
  CHECK(run.execute(executable) == 0 && !executable.expected_time(1), "nor after one that was stopped before a step");
  run.control[0] = 0;
  CHECK(run.execute(executable) == 4);
  const auto four = executable.expected_time(4), eight = executable.expected_time(8);
  CHECK(four && four->count() > 0 && eight && eight->count() == 2 * four->count());
}

TEST(two_runs_give_the_same_bits) {
  for (const Encoder& program : test::sample_programs()) {
    Executable first_executable = load(program, 2), second_executable = load(program, 2);
    BoundRun first(first_executable.program(), 3), second(second_executable.program(), 3);
    first.execute(first_executable);
    second.execute(second_executable);
    CHECK(first.memory() == second.memory());
  }
}

TEST(memory_that_cannot_be_had_is_an_error) {
  Program program;
  program.arena_bytes = int64_t{1} << 60;
  try {
    Executable executable(std::move(program), {}, {1});
    CHECK(false, "allocated");
  } catch (const Error& error) {
    CHECK(std::string(error.code()) == "LIMIT_EXCEEDED");
  }
}

}  // namespace
}  // namespace bilevel
