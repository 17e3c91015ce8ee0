#include <exception>
#include <iostream>
#include <string>

#include "cpu/team.h"
#include "test/test.h"

namespace bilevel::test {

std::vector<Case>& cases() {
  static std::vector<Case> all;
  return all;
}

}  // namespace bilevel::test

// Runs the tests whose names contain the first argument, or all.
int main(int count, char** arguments) {
  const std::string filter = count > 1 ? arguments[1] : "";
  int passed = 0, failed = 0;
  // What programs and kernels are run on, as on a device's thread.
  bilevel::cpu::Team team(4);
  for (const auto& [name, body] : bilevel::test::cases()) {
    if (name.find(filter) == std::string::npos) continue;
    try {
      body();
      ++passed;
    } catch (const std::exception& error) {
      ++failed;
      std::cout << "FAILED " << name << "\n  " << error.what() << std::endl;
    }
  }
  std::cout << passed << " passed, " << failed << " failed" << std::endl;
  return failed == 0 ? 0 : 1;
}
