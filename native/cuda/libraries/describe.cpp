#include "cuda/libraries/describe.h"

#include <array>

#include "program/error.h"

namespace bilevel::cuda {
namespace {

constexpr int kOldestCapability = 75, kOldestOfTensorFloats = 80;

}  // namespace

void check_available(const Driver& driver, Result result, const char* function) {
  if (result != kSuccess) throw Error("DEVICE_UNAVAILABLE", describe_failure(driver, function, result) + ".");
}

void describe_device(const Driver& driver, int index, DeviceDescription& device) {
  check_available(driver, driver.cuDeviceGet(&device.ordinal, index), "cuDeviceGet");
  std::array<char, 256> name{};
  check_available(driver, driver.cuDeviceGetName(name.data(), static_cast<int>(name.size() - 1), device.ordinal),
                  "cuDeviceGetName");
  device.name = name.data();
  size_t bytes = 0;
  check_available(driver, driver.cuDeviceTotalMem_v2(&bytes, device.ordinal), "cuDeviceTotalMem");
  device.memory = static_cast<int64_t>(bytes);
  int major = 0, minor = 0;
  for (const auto& [number, attribute] :
       {std::pair{&major, kComputeCapabilityMajor}, std::pair{&minor, kComputeCapabilityMinor}}) {
    check_available(driver, driver.cuDeviceGetAttribute(number, attribute, device.ordinal), "cuDeviceGetAttribute");
  }
  device.compute_capability = std::to_string(major) + "." + std::to_string(minor);
  device.precisions = {"float32"};
  if (10 * major + minor >= kOldestOfTensorFloats) device.precisions.insert(device.precisions.end(), {"tf32", "bf16"});
  device.architecture = "sm_" + std::to_string(major) + std::to_string(minor);
  if (10 * major + minor < kOldestCapability) {
    throw Error("DEVICE_UNAVAILABLE", "Its compute capability is " + device.compute_capability +
                                          "; 7.5 or later is needed (the Turing generation of 2018).");
  }
}

DeviceDescription describe_device(const Driver& driver, int index) {
  DeviceDescription device;
  describe_device(driver, index, device);
  return device;
}

}  // namespace bilevel::cuda
