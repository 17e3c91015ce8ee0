// Watches operator new in the whole test program, the libraries included.
#pragma once

#include <cstdint>
#include <functional>

namespace bilevel::test {

struct Allocations {
  int64_t count, largest_bytes;
};

Allocations allocations_during(const std::function<void()>& body);

}  // namespace bilevel::test
