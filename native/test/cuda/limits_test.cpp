// A device without enough memory says so, and can be gone on with.
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "cuda/engine.h"
#include "program/error.h"
#include "test/cuda/fake_device.h"
#include "test/support/bound_run.h"
#include "test/support/encoder.h"
#include "test/support/test.h"

namespace bilevel::test {
namespace {

constexpr auto kF = DType::kFloat32;
constexpr int64_t kMegabyte = int64_t{1} << 20;
constexpr int64_t kCount = kMegabyte / sizeof(float);

void refuses(const char* needed, const auto& body) {
  try {
    body();
  } catch (const Error& error) {
    const std::string message = error.what();
    CHECK(std::string(error.code()) == "LIMIT_EXCEEDED", error.code(), message);
    CHECK(message.starts_with(std::string(needed) + " MB are needed on the device cuda:0"), message);
    CHECK(message.find(" of 3.1 MB are free") != std::string::npos, message);
    return;
  }
  CHECK(false, needed, "MB are not refused");
}

// x += x, by way of memory of its own: a megabyte each.
Encoder doubling() {
  Encoder program;
  const int32_t x = program.bound(program.binding(kF, kCount, Access::kReadWrite)), y = program.arena(kF, kCount);
  program.body(Opcode::kFused, elementwise(kCount, TapeOp::kAdd, {x, x}, y));
  program.body(Opcode::kFused, elementwise(kCount, TapeOp::kAbs, {y}, x));
  return program;
}

void doubles(Executable& program) {
  BoundRun bound(program.program(), 2);
  bound.at<float>(0)[kCount - 1] = 3;
  CHECK(bound.execute(program) == 2);
  CHECK(bound.at<float>(0)[kCount - 1] == 12, bound.at<float>(0)[kCount - 1]);
}

TEST(a_tensor_a_program_or_a_run_that_finds_no_room_is_refused_and_all_else_goes_on) {
  fake_compiler();
  const Variable memory("FAKE_CUDA_MEMORY", "3");
  const auto engine = cuda::make_engine({});
  const Encoder sample = doubling();
  const auto load = [&] { return engine->load(decoded(sample), sample.constants()); };

  const std::shared_ptr<DeviceTensor> data = engine->allocate(kMegabyte / 2);
  refuses("2.6", [&] { engine->allocate(kMegabyte * 5 / 2 + 1); });
  std::shared_ptr<DeviceTensor> more = engine->allocate(kMegabyte * 7 / 4);
  refuses("1.0", load);
  more.reset();

  const auto program = load();
  more = engine->allocate(kMegabyte * 3 / 4);
  refuses("1.0", [&] { doubles(*program); });
  refuses("1.0", [&] { doubles(*program); });
  more.reset();
  doubles(*program);

  // What has been there all the time is as it was.
  std::array<float, 4> host = {1, 2, 3, 4};
  const Place in_host = {reinterpret_cast<std::byte*>(host.data())}, in_data = {nullptr, data.get()};
  engine->copy(std::array{Copy{in_host, in_data, sizeof(host)}});
  host = {};
  engine->copy(std::array{Copy{in_data, in_host, sizeof(host)}});
  CHECK(host[3] == 4, host[3]);
}

TEST(a_run_of_fewer_steps_finds_the_room_that_one_of_more_did_not) {
  fake_compiler();
  const Variable memory("FAKE_CUDA_MEMORY", "3");
  const auto engine = cuda::make_engine({});
  Encoder sample;
  const int32_t x = sample.bound(sample.binding(kF, kCount / 4, Access::kRead, true));
  const int32_t y = sample.bound(sample.binding(kF, kCount / 4, Access::kWrite));
  sample.body(Opcode::kFused, elementwise(kCount / 4, TapeOp::kNeg, {x}, y));
  const auto program = engine->load(decoded(sample), sample.constants());
  const auto run = [&](int32_t steps) {
    BoundRun bound(program->program(), steps);
    bound.at<float>(0)[steps * (kCount / 4) - 1] = 5;
    CHECK(bound.execute(*program) == steps);
    CHECK(bound.at<float>(1)[kCount / 4 - 1] == -5);
  };
  run(2);
  refuses("4.2", [&] { run(16); });
  run(8);
  run(2);
}

}  // namespace
}  // namespace bilevel::test
