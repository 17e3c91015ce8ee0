#include "addon/engines.h"

#include <algorithm>
#include <string>

#include "addon/arguments.h"
#include "cpu/engine.h"
#include "cuda/find_devices.h"

namespace bilevel::addon {
namespace {

cpu::Precision read_precision(Napi::Value value) {
  const auto& names = cpu::kPrecisionNames;
  const std::string name = value.IsString() ? value.As<Napi::String>().Utf8Value() : "";
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) throw_invalid_argument("precision", "'float32' or 'bf16'");
  return static_cast<cpu::Precision>(found - names.begin());
}

}  // namespace

std::shared_ptr<const Engine> make_engine(Napi::Value value) {
  if (!value.IsObject()) throw_invalid_argument("options", "an object");
  const auto options = value.As<Napi::Object>();
  const int32_t threads = read_integer(options.Get("threads"), "threads", 1, cpu::kMostThreads);
  const cpu::Precision precision = read_precision(options.Get("precision"));
  return cpu::make_engine({threads, precision});
}

std::vector<FoundDevice> find_devices() {
  std::vector<FoundDevice> devices = cuda::find_devices();
  devices.insert(devices.begin(), cpu::find_device());
  return devices;
}

}  // namespace bilevel::addon
