// Watches operator new in the whole test program, the libraries included.
#pragma once

#include <cstdint>
#include <functional>

namespace bilevel::test {

struct Allocations {
  int64_t count, largest_bytes;
};

Allocations allocations_during(const std::function<void()>& body);

// Refuses one allocation of the body's, by its number from 0 on; false where it makes no more than that. Passes on what
// the body throws.
bool refuses_allocation(int64_t which, const std::function<void()>& body);

}  // namespace bilevel::test
