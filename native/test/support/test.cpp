#include "test/support/test.h"

#include <exception>
#include <iostream>
#include <string>

namespace bilevel::test {

std::vector<Case>& cases() {
  static std::vector<Case> all;
  return all;
}

int run_tests(int count, char** arguments, void (*check)()) {
  const std::string filter = count > 1 ? arguments[1] : "";
  int passed = 0, failed = 0;
  for (const auto& [name, body] : cases()) {
    if (name.find(filter) == std::string::npos) continue;
    try {
      body();
      check();
      ++passed;
    } catch (const std::exception& error) {
      ++failed;
      std::cout << "FAILED " << name << "\n  " << error.what() << std::endl;
    }
  }
  std::cout << passed << " passed, " << failed << " failed" << std::endl;
  return failed == 0 ? 0 : 1;
}

}  // namespace bilevel::test
