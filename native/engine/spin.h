// Waiting for another thread without going to sleep.
#pragma once

#include <chrono>
#include <thread>

namespace bilevel {

// Tells the processor that this thread only waits.
inline void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Looks at done() until it is true or `limit` is over; returns what it was last. It first looks without a pause worth
// mentioning, and then offers the processor to other programs between two looks: one of them may be what is waited for.
template <typename Done>
bool spin_until(Done&& done, std::chrono::nanoseconds limit) {
  constexpr int kLooks = 64, kRoundsAlone = 4;
  const auto start = std::chrono::steady_clock::now();
  for (int round = 0;; ++round) {
    for (int look = 0; look < kLooks; ++look) {
      if (done()) return true;
      relax();
    }
    if (std::chrono::steady_clock::now() - start >= limit) return done();
    if (round >= kRoundsAlone) std::this_thread::yield();
  }
}

template <typename Done>
void spin_until(Done&& done) {
  while (!spin_until(done, std::chrono::seconds(1))) continue;
}

}  // namespace bilevel
