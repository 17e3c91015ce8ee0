// Device code made into functions of this process by the compiler that built it.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "test/emulation/launch.h"

namespace bilevel::emulation {

// Files by the name under which device code includes them.
using Headers = std::span<const std::pair<std::string_view, std::string_view>>;

class Library {
 public:
  // Compiles the sources, some at a time. Throws std::runtime_error with the compiler's words.
  Library(Headers headers, std::span<const std::string> sources);
  ~Library();
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  Function function(const std::string& name) const;

 private:
  std::filesystem::path folder_;
  std::vector<void*> handles_;
};

}  // namespace bilevel::emulation
