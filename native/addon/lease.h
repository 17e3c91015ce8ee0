// Who uses which memory. A run leases the ranges of its tensors until its promise settles; ranges may be shared for
// reading, but a range that is written belongs to one run alone. The registry is one for the process, because threads
// of JavaScript share memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace bilevel::addon {

struct LeasedRange {
  uintptr_t begin, end;
  bool writes;
  size_t binding;
};

class Lease {
 public:
  // Two ranges that overlap while at least one is written.
  struct Conflict {
    size_t binding;
    std::optional<size_t> other_binding;  // of the same run; none when another run holds it
  };

  Lease() = default;
  ~Lease() { release(); }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  // Leases all ranges, or none and returns the conflict.
  std::optional<Conflict> acquire(std::vector<LeasedRange> ranges);
  void release();

 private:
  std::vector<LeasedRange> ranges_;  // sorted by begin; empty when nothing is leased
};

}  // namespace bilevel::addon
