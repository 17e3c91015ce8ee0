// What an engine finds on this machine, before a device is made.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bilevel {

struct FoundLibrary {
  std::string name, version;
  std::string path = {};  // empty where it is not known
};

// Of what is not known, strings are empty and numbers 0.
struct FoundDevice {
  std::string kind;                          // as in DeviceInfo
  int index = 0;                             // among those of its kind
  std::string name = {};                     // of the model
  int64_t memory = 0;                        // in bytes
  std::string compute_capability = {};       // what programs NVIDIA's devices run: "9.0"
  std::vector<std::string> precisions = {};  // as in DeviceInfo
  std::vector<FoundLibrary> libraries = {};
  std::string reason = {};  // why no program can run on it; empty where one can
};

}  // namespace bilevel
