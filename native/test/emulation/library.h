// Device code made into functions of this process.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "test/emulation/code.h"
#include "test/emulation/compiler.h"

namespace bilevel::emulation {

class Library {
 public:
  // Compiles the sources, some at a time. Throws std::runtime_error with the compiler's words.
  Library(Headers headers, std::span<const std::string> sources);
  ~Library();
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  // Throws std::runtime_error when there is none.
  Function function(const std::string& name) const;

 private:
  std::filesystem::path folder_;
  std::vector<Code> codes_;
};

}  // namespace bilevel::emulation
