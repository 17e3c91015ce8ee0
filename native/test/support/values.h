// Values of tests: random ones, and whether two lists of them are close.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace bilevel::test {

// A seeded source of test values.
class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}
  int64_t integer(int64_t low, int64_t high) { return std::uniform_int_distribution<int64_t>(low, high)(engine_); }
  bool chance(double probability) { return std::bernoulli_distribution(probability)(engine_); }
  double real(double low = -2.0, double high = 2.0) {
    return std::uniform_real_distribution<double>(low, high)(engine_);
  }
  // Float values as doubles.
  std::vector<double> reals(int64_t count, double low = -2.0, double high = 2.0);
  std::vector<double> integers(int64_t count, int64_t low, int64_t high);
  template <typename T>
  const T& pick(const std::vector<T>& from) {
    return from[static_cast<size_t>(integer(0, static_cast<int64_t>(from.size()) - 1))];
  }

 private:
  std::mt19937 engine_;
};

// |actual - expected| <= tolerance * scale for every element; NaN equals NaN and infinities must agree. Says which
// differ.
void check_close(const std::vector<double>& actual, const std::vector<double>& expected, double tolerance, double scale,
                 const std::string& what);

}  // namespace bilevel::test
