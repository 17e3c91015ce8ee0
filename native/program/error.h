// The one exception of the native side. It never crosses into JavaScript: the addon turns it into a BilevelError with
// the same code.
#pragma once

#include <stdexcept>
#include <string>

namespace bilevel {

class Error : public std::runtime_error {
 public:
  Error(const char* code, const std::string& message) : std::runtime_error(message), code_(code) {}
  // One of the codes of lib/errors.ts; a string with static lifetime.
  const char* code() const noexcept { return code_; }

 private:
  const char* code_;
};

}  // namespace bilevel
