#include "addon/engines.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "addon/arguments.h"
#include "cpu/engine.h"
#include "cuda/engine.h"
#include "cuda/find_devices.h"
#include "mpi/library.h"

namespace bilevel::addon {
namespace {

// The number of the name in a list; all names for the message.
size_t read_name(Napi::Value value, const char* parameter, std::span<const std::string_view> names) {
  const std::string name = value.IsString() ? value.As<Napi::String>().Utf8Value() : "";
  const auto found = std::find(names.begin(), names.end(), name);
  if (found != names.end()) return static_cast<size_t>(found - names.begin());
  std::string expected;
  for (const std::string_view each : names) expected.append(expected.empty() ? "'" : " or '").append(each).append("'");
  throw_invalid_argument(parameter, expected);
}

// That a device computes together with.
std::shared_ptr<const Ranks> ranks_of(Napi::Object options) {
  return options.Get("ranks").ToBoolean() ? mpi::joined() : nullptr;
}

std::shared_ptr<const Engine> make_cpu_engine(Napi::Object options) {
  const int32_t threads = read_integer(options.Get("threads"), "threads", 1, cpu::kMostThreads);
  const size_t precision = read_name(options.Get("precision"), "precision", cpu::kPrecisionNames);
  return cpu::make_engine({threads, static_cast<cpu::Precision>(precision)}, ranks_of(options));
}

std::shared_ptr<const Engine> make_cuda_engine(Napi::Object options) {
  const int32_t index = read_integer(options.Get("index"), "index", 0, INT32_MAX);
  const size_t precision = read_name(options.Get("precision"), "precision", cuda::kPrecisionNames);
  return cuda::make_engine({index, static_cast<cuda::Precision>(precision)}, ranks_of(options));
}

// The kinds of devices, with what makes each.
constexpr std::array<std::string_view, 2> kKinds = {"cpu", "cuda"};
constexpr std::array kMakers = {make_cpu_engine, make_cuda_engine};

}  // namespace

std::shared_ptr<const Engine> make_engine(Napi::Value value) {
  if (!value.IsObject()) throw_invalid_argument("options", "an object");
  const auto options = value.As<Napi::Object>();
  return kMakers[read_name(options.Get("kind"), "kind", kKinds)](options);
}

std::vector<FoundDevice> find_devices() {
  std::vector<FoundDevice> devices = cuda::find_devices();
  devices.insert(devices.begin(), cpu::find_device());
  return devices;
}

}  // namespace bilevel::addon
