// Device code that touches what is not its own ends the life of its device, and of no other.
#include <memory>
#include <optional>
#include <string>

#include "cuda/engine.h"
#include "program/error.h"
#include "test/cuda/fake_device.h"
#include "test/support/bound_run.h"
#include "test/support/encoder.h"
#include "test/support/test.h"

namespace bilevel::test {
namespace {

constexpr int64_t kCount = 100'000;
constexpr int32_t kSteps = 19;

// The message of DEVICE_LOST.
std::string loss_of(const auto& body) {
  try {
    body();
  } catch (const Error& error) {
    CHECK(std::string(error.code()) == "DEVICE_LOST", error.code(), error.what());
    return error.what();
  }
  CHECK(false, "nothing is lost");
  return {};
}

// A device with a program that doubles what is bound to it.
struct Doubling {
  Doubling() {
    const int32_t x = sample.bound(sample.binding(DType::kFloat32, kCount, Access::kReadWrite));
    sample.body(Opcode::kFused, elementwise(kCount, TapeOp::kAdd, {x, x}, x));
    program = engine->load(decoded(sample), sample.constants());
  }
  // On a tensor of so many bytes that stays on the device, or on none.
  void run(std::optional<int64_t> kept) {
    BoundRun bound(program->program(), kSteps);
    std::shared_ptr<DeviceTensor> tensor;
    if (kept) {
      tensor = engine->allocate(*kept);
      bound.keep(0, *tensor);
    } else {
      bound.at<float>(0)[kCount - 1] = 1;
    }
    CHECK(bound.execute(*program) == kSteps);
    if (!kept) CHECK(bound.at<float>(0)[kCount - 1] == float(1 << kSteps), bound.at<float>(0)[kCount - 1]);
  }

  Encoder sample;
  std::shared_ptr<const Engine> engine = cuda::make_engine({});
  std::shared_ptr<Executable> program;
};

TEST(device_code_that_leaves_its_memory_loses_its_device_alone) {
  fake_compiler();
  const fake_cuda::Counts before = fake_counts();
  {
    Doubling lost, other;
    lost.run(std::nullopt);
    other.run(std::nullopt);
    const std::string loss = loss_of([&] { lost.run(1024); });  // which the engine takes to be as long as the binding
    CHECK(loss.starts_with("The device cuda:0"), loss);
    CHECK(loss.find("make a new Device") != std::string::npos, loss);
    CHECK(take_failed_work() == 1);

    CHECK(loss_of([&] { lost.run(std::nullopt); }) == loss);
    CHECK(loss_of([&] { lost.engine->allocate(16); }) == loss);
    CHECK(loss_of([&] { lost.engine->load(decoded(lost.sample), lost.sample.constants()); }) == loss);
    other.run(std::nullopt);
    Doubling made_after;
    made_after.run(std::nullopt);
    made_after.run(kCount * 4);
  }
  const fake_cuda::Counts after = fake_counts();
  CHECK(after.contexts == before.contexts, after.contexts, before.contexts);
  CHECK(after.left_behind == before.left_behind, after.left_behind, before.left_behind);
}

}  // namespace
}  // namespace bilevel::test
