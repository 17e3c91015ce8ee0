// Which build of oneDNN serves the CPU device, for reports.
#pragma once

#include <string>

namespace bilevel::cpu {

struct Library {
  std::string version;          // "2.6.3"
  std::string instruction_set;  // the best one that it uses on this machine
};

Library describe_library();

// Whether the machine multiplies bfloat16 numbers itself; oneDNN would emulate it, slower than float32.
bool supports_bfloat16();

}  // namespace bilevel::cpu
