// Device code that the compiler made a shared library of, as functions of this process.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "test/emulation/launch.h"

namespace bilevel::emulation {

// The code stays to the end of the process: sanitizers name places in it.
class Code {
 public:
  // Throws std::runtime_error.
  explicit Code(const std::filesystem::path& library);

  std::optional<Function> find(const std::string& kernel) const;

 private:
  void* handle_;
};

}  // namespace bilevel::emulation
