// Tensors that stay on the device.
#include <array>
#include <cstring>
#include <memory>
#include <vector>

#include "cuda/engine.h"
#include "program/error.h"
#include "test/cuda/fake_device.h"
#include "test/support/bound_run.h"
#include "test/support/program_samples.h"
#include "test/support/test.h"

namespace bilevel::test {
namespace {

int64_t bytes_of(const Binding& binding, int32_t steps) {
  return binding.element_count * kDTypeBytes[static_cast<size_t>(binding.dtype)] * (binding.per_step ? steps : 1);
}

// What lies in the tensors of a program after two runs; those of the bindings that `is_kept` stay on the device between
// them, and come back at the end.
std::vector<std::vector<std::byte>> after_two_runs(const Encoder& sample, const auto& is_kept) {
  constexpr int32_t kSteps = 3;
  const auto engine = cuda::make_engine({});
  const auto program = engine->load(decoded(sample), sample.constants());
  BoundRun bound(program->program(), kSteps);
  std::vector<std::shared_ptr<DeviceTensor>> kept;
  std::vector<Copy> back;
  for (size_t i = 0; i < program->program().bindings.size(); ++i) {
    const int64_t bytes = bytes_of(program->program().bindings[i], kSteps);
    if (!is_kept(i) || bytes == 0) continue;
    kept.push_back(engine->allocate(bytes));
    const Place host = {bound.at<std::byte>(i)}, device = {nullptr, kept.back().get()};
    engine->copy(std::array{Copy{host, device, bytes}});
    back.push_back({device, host, bytes});
    bound.keep(i, *kept.back());
  }
  for (int run = 0; run < 2; ++run) CHECK(bound.execute(*program) == kSteps);
  engine->copy(back);
  return bound.memory();
}

TEST(what_stays_on_the_device_has_the_bits_of_what_is_moved) {
  fake_compiler();
  for (const Encoder& sample : sample_programs()) {
    const auto expected = after_two_runs(sample, [](size_t) { return false; });
    CHECK(after_two_runs(sample, [](size_t) { return true; }) == expected, "all of them");
    CHECK(after_two_runs(sample, [](size_t binding) { return binding % 2 == 0; }) == expected, "every other one");
  }
}

TEST(nothing_moves_but_what_does_not_stay) {
  fake_compiler();
  const Encoder sample = sample_programs().front();
  const auto engine = cuda::make_engine({});
  const auto program = engine->load(decoded(sample), sample.constants());
  BoundRun bound(program->program(), 1);
  std::vector<std::shared_ptr<DeviceTensor>> kept;
  const auto moved = [&] {
    const fake_cuda::Counts before = fake_counts();
    CHECK(bound.execute(*program) == 1);
    const fake_cuda::Counts after = fake_counts();
    return after.copied_bytes - before.copied_bytes;
  };
  moved();  // with the constants
  const int64_t all = moved();
  int64_t bytes = 0;
  for (size_t i = 0; i < program->program().bindings.size(); ++i) {
    const Binding& binding = program->program().bindings[i];
    bytes += bytes_of(binding, 1);
    kept.push_back(engine->allocate(bytes_of(binding, 1)));
    engine->copy(std::array{Copy{{nullptr}, {nullptr, kept.back().get()}, bytes_of(binding, 1)}});
    bound.keep(i, *kept.back());
  }
  moved();
  const int64_t rest = moved();
  CHECK(all >= bytes && rest <= 1024 && rest < all, all, rest, bytes);
}

TEST(copies_between_tensors_are_made_in_order) {
  fake_compiler();
  const auto engine = cuda::make_engine({});
  std::array<float, 4> host = {1, 2, 3, 4}, other{};
  const auto a = engine->allocate(sizeof(host)), b = engine->allocate(sizeof(host));
  const Place in_host = {reinterpret_cast<std::byte*>(host.data())};
  const Place in_other = {reinterpret_cast<std::byte*>(other.data())};
  const Place in_a = {nullptr, a.get()}, in_b = {nullptr, b.get()};
  engine->copy(std::array{Copy{in_host, in_a, 16}, Copy{in_a, in_b, 16}, Copy{{nullptr}, in_a, 16}});
  engine->copy(std::array{Copy{in_a, in_host, 16}, Copy{in_b, in_other, 16}});
  CHECK(host[3] == 0 && other[3] == 4, host[3], other[3]);
}

TEST(a_copy_that_fails_loses_the_device) {
  fake_compiler();
  const auto engine = cuda::make_engine({});
  const auto a = engine->allocate(16);
  const std::array copies = {Copy{{nullptr}, {nullptr, a.get()}, 16}};
  const Variable fault("FAKE_CUDA_FAIL", "cuMemsetD8Async:1:1");
  const auto code_of = [](const auto& body) -> std::string {
    try {
      body();
      return "";
    } catch (const Error& error) {
      return error.code();
    }
  };
  CHECK(code_of([&] { engine->copy(copies); }) == "DEVICE_LOST");
  CHECK(code_of([&] { engine->copy(copies); }) == "DEVICE_LOST");
  CHECK(code_of([&] { engine->allocate(16); }) == "DEVICE_LOST");
}

}  // namespace
}  // namespace bilevel::test
