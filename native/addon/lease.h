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

  // A range that acquire() shall lease.
  void add(const LeasedRange& range) { ranges_.push_back(range); }
  // Leases all ranges that were added, or none and returns the conflict.
  std::optional<Conflict> acquire();
  // Forgets all ranges, leased or not.
  void release();

 private:
  std::vector<LeasedRange> ranges_;  // sorted by begin when leased
  bool held_ = false;
};

}  // namespace bilevel::addon
