// The threads that a team has beside the calling one: OpenMP's where oneDNN computes with those, else our own.
#pragma once

#ifdef BILEVEL_OWN_THREADS
#include <thread>
#include <vector>
#endif

namespace bilevel::cpu {

class Helpers {
 public:
  using Help = void (*)(void* team, int self);

  // Whether the library starts regions with these same threads, which they have to be left to then.
#ifdef BILEVEL_OWN_THREADS
  static constexpr bool kAreTheLibrarys = false;
#else
  static constexpr bool kAreTheLibrarys = true;
#endif

  // Calls help(team, self) in `threads` - 1 threads, with self from 1 on.
  void start(int threads, Help help, void* team);

  // Waits until all calls have returned.
  void join();

 private:
#ifdef BILEVEL_OWN_THREADS
  std::vector<std::thread> threads_;
#else
  Help help_ = nullptr;
  void* team_ = nullptr;
#endif
};

// How many threads a library uses that the calling thread calls.
int library_threads();

// Sets that number and returns the one of before.
int exchange_library_threads(int threads);

}  // namespace bilevel::cpu
