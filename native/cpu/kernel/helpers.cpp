#include "cpu/kernel/helpers.h"

#ifdef BILEVEL_OWN_THREADS

#include <utility>

namespace bilevel::cpu {
namespace {

thread_local int current_library_threads = 1;

}  // namespace

void Helpers::start(int threads, Help help, void* team) {
  threads_.reserve(static_cast<size_t>(threads - 1));
  for (int self = 1; self < threads; ++self) threads_.emplace_back(help, team, self);
}

void Helpers::join() {
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

int library_threads() { return current_library_threads; }

int exchange_library_threads(int threads) { return std::exchange(current_library_threads, threads); }

}  // namespace bilevel::cpu

#else

#include <omp.h>

// A parallel region whose begin and end are two calls, which no pragma offers: the caller's part of it is everything
// between them. GCC's library has these functions since its first version, LLVM's has them too.
extern "C" {
void GOMP_parallel_start(void (*function)(void*), void* data, unsigned threads);
void GOMP_parallel_end();
}

namespace bilevel::cpu {

void Helpers::start(int threads, Help help, void* team) {
  help_ = help;
  team_ = team;
  const auto run = [](void* of) {
    const Helpers& helpers = *static_cast<Helpers*>(of);
    helpers.help_(helpers.team_, omp_get_thread_num());
  };
  GOMP_parallel_start(run, this, static_cast<unsigned>(threads));
}

void Helpers::join() { GOMP_parallel_end(); }

int library_threads() { return omp_get_max_threads(); }

int exchange_library_threads(int threads) {
  const int before = library_threads();
  // Both settings belong to this thread.
  omp_set_dynamic(0);
  omp_set_num_threads(threads);
  return before;
}

}  // namespace bilevel::cpu

#endif
