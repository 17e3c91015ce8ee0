// Which build of oneDNN serves the CPU device, for reports.
#pragma once

#include <string>

namespace bilevel::cpu {

struct Library {
  std::string version;          // "oneDNN 2.6.3"
  std::string instruction_set;  // the best one that it uses on this machine
};

Library describe_library();

}  // namespace bilevel::cpu
