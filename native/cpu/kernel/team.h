// The threads that compute a run together: the one that the run is executed on, and helpers. oneDNN computes with the
// same ones, of OpenMP or of our own: with others beside them, one half would wait, and spin, while the other works.
// Our kernels do not fork and join as OpenMP does, though: see Team::run.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "cpu/kernel/helpers.h"
#include "cpu/kernel/interrupt.h"
#include "cpu/kernel/scratch.h"
#include "cpu/kernel/settings.h"

namespace bilevel::cpu {

// How many threads, up to so many, this process can start now: all of them where the system also lets it start a few
// more, which are left to the host, else half of those that it could start. OpenMP ends the process when it cannot
// start one, and so does Node's own pool. At least 1. What becomes Settings.threads is asked for here first.
int startable_threads(int threads);

class Team {
 public:
  // The team of the calling thread, on which it has to be destroyed too. Starts the helpers: see startable_threads.
  explicit Team(int threads);
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  // The calling thread's, or null: a helper has none, so that its parts do not fork again.
  static Team* current() { return current_; }

  int threads() const { return threads_; }

  static constexpr int kMostParts = kMostThreads;
  using Call = void (*)(const void* body, int part);
  // Calls call(body, part) once for every part in 0 .. parts - 1, and returns when all have returned. Each part is
  // claimed by the thread that does it, its own one first. So nobody waits for a helper that sleeps, or that the system
  // has not let run for other programs: the caller does what no helper has begun.
  void run(int parts, Call call, const void* body);

  // Ends the region in which the helpers wait for parts, so that a library may begin one with the same threads. The
  // next run() begins another.
  void leave();

 private:
  struct alignas(kCacheLine) Claim {
    std::atomic<uint64_t> ticket = 0;
  };

  void enter();
  void help(int self);
  void sleep_until_not(uint64_t ticket);
  int work(int self, uint64_t ticket);
  void publish(int parts);

  static thread_local Team* current_;

  const int threads_;
  Helpers helpers_;
  bool in_region_ = false;
  // Of the run in progress. Written before its ticket, and read by those who have claimed a part of it.
  Call call_ = nullptr;
  const void* body_ = nullptr;
  const Control* control_ = nullptr;
  // Which run it is, counted from 1, and in the lowest bits its number of parts, none when the helpers shall leave.
  alignas(kCacheLine) std::atomic<uint64_t> ticket_ = 0;
  // How many of its parts helpers have done.
  alignas(kCacheLine) std::atomic<int> helped_ = 0;
  // For every part, the ticket of the last run in which it was claimed.
  std::array<Claim, kMostParts> claims_;
  std::atomic<int> sleeping_ = 0;
  std::mutex mutex_;
  std::condition_variable wake_;
};

// Hands the team of the calling thread to a library, which starts regions of `threads` threads, for the lifetime of the
// scope.
class TeamScope {
 public:
  explicit TeamScope(int threads);
  ~TeamScope();
  TeamScope(const TeamScope&) = delete;
  TeamScope& operator=(const TeamScope&) = delete;

 private:
  int previous_;
};

}  // namespace bilevel::cpu
