// A harness of one page: TEST(name) { CHECK(condition, message parts...); } and what a main calls, which prints what
// passed and failed.
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace bilevel::test {

struct Case {
  std::string name;
  void (*body)();
};

std::vector<Case>& cases();

// Runs the tests whose names contain the first argument, or all; returns the status of the program. `check`: what must
// hold after each of them.
int run_tests(
    int count, char** arguments, void (*check)() = [] {});

struct Registration {
  Registration(const char* name, void (*body)()) { cases().push_back({name, body}); }
};

struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <typename... Parts>
[[noreturn]] void fail(const char* file, int line, const char* condition, const Parts&... parts) {
  std::ostringstream text;
  text.precision(9);
  text << file << ":" << line << ": " << condition;
  ((text << ' ' << parts), ...);
  throw Failure(text.str());
}

}  // namespace bilevel::test

#define TEST(name)                                                              \
  static void name();                                                           \
  static const bilevel::test::Registration registration_of_##name(#name, name); \
  static void name()

// Fails the test with the condition and whatever else is given, separated by spaces.
#define CHECK(condition, ...)                                                                         \
  do {                                                                                                \
    if (!(condition)) bilevel::test::fail(__FILE__, __LINE__, #condition __VA_OPT__(, ) __VA_ARGS__); \
  } while (false)
