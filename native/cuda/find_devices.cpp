#include "cuda/find_devices.h"

#include <string>
#include <utility>

#include "cuda/libraries/compiler.h"
#include "cuda/libraries/describe.h"
#include "cuda/libraries/driver.h"
#include "program/error.h"

namespace bilevel::cuda {
namespace {

std::vector<FoundDevice> ask(const Driver& driver) {
  std::vector<FoundLibrary> libraries = {{"CUDA driver", describe_version(driver.version), driver.path}};
  std::string reason;
  try {
    const Compiler& found = compiler(driver);
    libraries.push_back({"NVRTC", std::to_string(found.major) + "." + std::to_string(found.minor), found.path});
  } catch (const Error& error) {
    reason = error.what();
  }
  int count = 0;
  check_available(driver, driver.cuDeviceGetCount(&count), "cuDeviceGetCount");
  std::vector<FoundDevice> devices;
  for (int index = 0; index < count; ++index) {
    FoundDevice found{.kind = "cuda", .index = index, .libraries = libraries, .reason = reason};
    DeviceDescription description;
    try {
      describe_device(driver, index, description);
    } catch (const Error& error) {
      found.reason = error.what();
    }
    found.name = description.name;
    found.memory = description.memory;
    found.compute_capability = description.compute_capability;
    found.precisions = description.precisions;
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
