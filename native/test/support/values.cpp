#include "test/support/values.h"

#include <cmath>

#include "test/support/test.h"

namespace bilevel::test {

std::vector<double> Random::reals(int64_t count, double low, double high) {
  std::vector<double> values(static_cast<size_t>(count));
  for (double& value : values) value = static_cast<double>(static_cast<float>(real(low, high)));
  return values;
}

std::vector<double> Random::integers(int64_t count, int64_t low, int64_t high) {
  std::vector<double> values(static_cast<size_t>(count));
  for (double& value : values) value = static_cast<double>(integer(low, high));
  return values;
}

void check_close(const std::vector<double>& actual, const std::vector<double>& expected, double tolerance, double scale,
                 const std::string& what) {
  CHECK(actual.size() == expected.size(), what);
  for (size_t i = 0; i < actual.size(); ++i) {
    const double a = actual[i], e = expected[i];
    const bool close = a == e || (std::isnan(a) && std::isnan(e)) || std::abs(a - e) <= tolerance * scale;
    CHECK(close, what, "element", i, "is", a, "expected", e);
  }
}

}  // namespace bilevel::test
