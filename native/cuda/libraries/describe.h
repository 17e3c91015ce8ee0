// What the driver tells of a device.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cuda/libraries/driver.h"

namespace bilevel::cuda {

struct DeviceDescription {
  Ordinal ordinal = 0;
  std::string name = {};
  int64_t memory = 0;                        // in bytes
  std::string compute_capability = {};       // "9.0"
  std::vector<std::string> precisions = {};  // of its products and convolutions
  std::string architecture = {};             // the same as compilers name it: "sm_90"
};

// Throws DEVICE_UNAVAILABLE when the driver does not tell it, or programs need a later device. What is known by then
// stands in `device`.
void describe_device(const Driver& driver, int index, DeviceDescription& device);
DeviceDescription describe_device(const Driver& driver, int index);

// Throws DEVICE_UNAVAILABLE with the function unless the result is success.
void check_available(const Driver& driver, Result result, const char* function);

}  // namespace bilevel::cuda
