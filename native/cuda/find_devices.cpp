#include "cuda/find_devices.h"

#include <array>
#include <cstddef>
#include <string>

#include "cuda/libraries/compiler.h"
#include "cuda/libraries/driver.h"
#include "program/error.h"

namespace bilevel::cuda {
namespace {

constexpr int kOldestCapability = 75;

void check(const Driver& driver, Result result, const char* function) {
  if (result != kSuccess) throw Error("DEVICE_UNAVAILABLE", describe_failure(driver, function, result) + ".");
}

// Fills in what the driver tells, until a call fails.
void describe(const Driver& driver, FoundDevice& found) {
  Ordinal device = 0;
  check(driver, driver.cuDeviceGet(&device, found.index), "cuDeviceGet");
  std::array<char, 256> name{};
  check(driver, driver.cuDeviceGetName(name.data(), static_cast<int>(name.size() - 1), device), "cuDeviceGetName");
  found.name = name.data();
  size_t bytes = 0;
  check(driver, driver.cuDeviceTotalMem_v2(&bytes, device), "cuDeviceTotalMem");
  found.memory = static_cast<int64_t>(bytes);
  int major = 0, minor = 0;
  check(driver, driver.cuDeviceGetAttribute(&major, kComputeCapabilityMajor, device), "cuDeviceGetAttribute");
  check(driver, driver.cuDeviceGetAttribute(&minor, kComputeCapabilityMinor, device), "cuDeviceGetAttribute");
  found.compute_capability = std::to_string(major) + "." + std::to_string(minor);
  if (10 * major + minor < kOldestCapability) {
    throw Error("DEVICE_UNAVAILABLE", "Its compute capability is " + found.compute_capability +
                                          "; 7.5 or later is needed (the Turing generation of 2018).");
  }
}

std::vector<FoundDevice> ask(const Driver& driver) {
  std::vector<FoundLibrary> libraries = {{"CUDA driver", describe_version(driver.version), driver.path}};
  std::string reason;
  try {
    const Compiler& found = compiler(driver);
    libraries.push_back({"NVRTC", std::to_string(found.major) + "." + std::to_string(found.minor), found.path});
    reason = "This version of bilevel finds CUDA devices, but runs no programs on them yet.";
  } catch (const Error& error) {
    reason = error.what();
  }
  int count = 0;
  check(driver, driver.cuDeviceGetCount(&count), "cuDeviceGetCount");
  std::vector<FoundDevice> devices;
  for (int index = 0; index < count; ++index) {
    FoundDevice found{.kind = "cuda", .index = index, .libraries = libraries, .reason = reason};
    try {
      describe(driver, found);
    } catch (const Error& error) {
      found.reason = error.what();
    }
    devices.push_back(std::move(found));
  }
  return devices;
}

}  // namespace

std::vector<FoundDevice> find_devices() {
  try {
    return ask(driver());
  } catch (const Error& error) {
    return {{.kind = "cuda", .reason = error.what()}};
  }
}

}  // namespace bilevel::cuda
