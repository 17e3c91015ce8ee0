// The team of OpenMP threads that a kernel runs on.
#pragma once

#include <omp.h>

#include <algorithm>
#include <cstdint>

namespace bilevel::cpu {

// Calls body(part) once for every part in 0 .. parts - 1, each part on its own thread when the team has that many. What
// a part covers depends on nothing but `parts`, so results are the same bits in every run. The body must not throw.
template <typename Body>
void parallel(int parts, Body&& body) {
  if (parts <= 1) {
    body(0);
    return;
  }
#pragma omp parallel for num_threads(parts) schedule(static, 1)
  for (int part = 0; part < parts; ++part) body(part);
}

struct Range {
  int64_t begin, end;
};

// The share of `part` when `count` items are cut into `parts` nearly equal runs that begin at multiples of `grain`.
inline Range share(int64_t count, int part, int parts, int64_t grain = 1) {
  const int64_t grains = (count + grain - 1) / grain;
  return {std::min(count, grains * part / parts * grain), std::min(count, grains * (part + 1) / parts * grain)};
}

// How many threads are worth waking for `work` units of about a tenth of a nanosecond each. Entering a parallel region
// costs a few microseconds when the team is awake and milliseconds when other programs hold the cores, so every thread
// must bring several times the former.
inline int useful_threads(int64_t work, int threads) {
  constexpr int64_t kWorkPerThread = 150'000;
  return static_cast<int>(std::clamp<int64_t>(work / kWorkPerThread, 1, threads));
}

// Sets the size of the teams that libraries start from this thread, for the lifetime of the scope.
class TeamScope {
 public:
  explicit TeamScope(int threads) : previous_(omp_get_max_threads()) { omp_set_num_threads(threads); }
  ~TeamScope() { omp_set_num_threads(previous_); }
  TeamScope(const TeamScope&) = delete;
  TeamScope& operator=(const TeamScope&) = delete;

 private:
  int previous_;
};

}  // namespace bilevel::cpu
