#include "addon/lease.h"

#include <algorithm>
#include <mutex>

namespace bilevel::addon {
namespace {

struct Registry {
  std::mutex mutex;
  std::vector<const std::vector<LeasedRange>*> active;
};

// Never destroyed: a worker's thread may release a lease while the process exits.
Registry& registry() {
  static Registry* const instance = new Registry;
  return *instance;
}

// The ranges passed so far, in order of their begin, seen from the position of the next one.
class Sweep {
 public:
  void pass(const LeasedRange& range) {
    if (furthest_ == nullptr || range.end > furthest_->end) furthest_ = &range;
    if (range.writes && (furthest_written_ == nullptr || range.end > furthest_written_->end))
      furthest_written_ = &range;
  }

  const LeasedRange* conflict_with(const LeasedRange& next) const {
    const LeasedRange* const candidate = next.writes ? furthest_ : furthest_written_;
    return candidate != nullptr && next.begin < candidate->end ? candidate : nullptr;
  }

 private:
  const LeasedRange* furthest_ = nullptr;
  const LeasedRange* furthest_written_ = nullptr;
};

std::optional<Lease::Conflict> conflict_within(const std::vector<LeasedRange>& ranges) {
  Sweep sweep;
  for (const LeasedRange& range : ranges) {
    if (const LeasedRange* other = sweep.conflict_with(range)) return Lease::Conflict{range.binding, other->binding};
    sweep.pass(range);
  }
  return std::nullopt;
}

std::optional<Lease::Conflict> conflict_between(const std::vector<LeasedRange>& wanted,
                                                const std::vector<LeasedRange>& held) {
  Sweep wanted_sweep, held_sweep;
  auto w = wanted.begin();
  for (auto h = held.begin(); w != wanted.end() || h != held.end();) {
    if (h == held.end() || (w != wanted.end() && w->begin < h->begin)) {
      if (held_sweep.conflict_with(*w) != nullptr) return Lease::Conflict{w->binding, std::nullopt};
      wanted_sweep.pass(*w++);
    } else {
      if (const LeasedRange* range = wanted_sweep.conflict_with(*h))
        return Lease::Conflict{range->binding, std::nullopt};
      held_sweep.pass(*h++);
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Lease::Conflict> Lease::acquire() {
  std::erase_if(ranges_, [](const LeasedRange& range) { return range.begin == range.end; });
  std::sort(ranges_.begin(), ranges_.end(), [](const auto& a, const auto& b) { return a.begin < b.begin; });
  if (auto conflict = conflict_within(ranges_)) return conflict;
  const std::lock_guard lock(registry().mutex);
  for (const auto* held : registry().active) {
    if (auto conflict = conflict_between(ranges_, *held)) return conflict;
  }
  registry().active.push_back(&ranges_);
  held_ = true;
  return std::nullopt;
}

void Lease::release() {
  if (held_) {
    const std::lock_guard lock(registry().mutex);
    std::erase(registry().active, &ranges_);
  }
  held_ = false;
  ranges_.clear();
}

}  // namespace bilevel::addon
