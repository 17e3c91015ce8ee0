// Sharing work among a team: every part once, with helpers that work, sleep, are lent to a library, or do not exist.
#include "cpu/kernel/team.h"

#include <array>
#include <atomic>
#include <chrono>
#include <exception>
#include <thread>

#include "cpu/kernel/parallel.h"
#include "engine/spin.h"
#include "test/support/test.h"

namespace bilevel {
namespace {

using cpu::parallel;
using cpu::Team;
using cpu::TeamScope;

template <typename Body>
void on_a_thread(Body&& body) {
  std::exception_ptr failure;
  std::thread([&] {
    try {
      body();
    } catch (...) {
      failure = std::current_exception();
    }
  }).join();
  if (failure) std::rethrow_exception(failure);
}

// On a thread of its own, because that of the test program has a team already.
template <typename Body>
void with_team(int threads, Body&& body) {
  on_a_thread([&] {
    Team team(threads);
    body();
  });
}

void check_every_part_once(int parts) {
  std::array<std::atomic<int>, Team::kMostParts> times{};
  parallel(parts, [&](int part) { ++times[static_cast<size_t>(part)]; });
  for (int part = 0; part < Team::kMostParts; ++part) {
    const int found = times[static_cast<size_t>(part)];
    CHECK(found == (part < parts ? 1 : 0), "part", part, "of", parts, "ran", found, "times");
  }
}

// Whether two parts run at the same time: each waits for the other, but not for ever.
bool has_a_helper() {
  std::atomic<int> arrived = 0;
  std::atomic<bool> met = true;
  parallel(2, [&](int) {
    ++arrived;
    if (!spin_until([&] { return arrived == 2; }, std::chrono::seconds(10))) met = false;
  });
  return met;
}

// How many threads a library finds; where it computes with OpenMP, by computing with them.
int threads_of_a_region() {
#ifdef BILEVEL_OWN_THREADS
  return cpu::library_threads();
#else
  std::atomic<int> threads = 0;
#pragma omp parallel
  ++threads;
  return threads;
#endif
}

TEST(every_part_is_done_once) {
  for (const int threads : {1, 2, 3, 8}) {
    with_team(threads, [] {
      for (int round = 0; round < 300; ++round) check_every_part_once(1 + round % 9);
      check_every_part_once(Team::kMostParts);
    });
  }
}

TEST(a_thread_without_a_team_does_all_parts) {
  on_a_thread([] {
    CHECK(Team::current() == nullptr);
    check_every_part_once(5);
  });
}

TEST(what_a_part_writes_is_seen_after_it) {
  with_team(2, [] {
    std::array<int64_t, 2> sums{};
    for (int64_t round = 1; round <= 20'000; ++round) {
      parallel(2, [&](int part) { sums[static_cast<size_t>(part)] += round; });
      CHECK(sums[0] == round * (round + 1) / 2 && sums[1] == sums[0], sums[0], sums[1]);
    }
  });
}

TEST(helpers_that_have_gone_to_sleep_come_back) {
  with_team(2, [] {
    for (int round = 0; round < 5; ++round) {
      CHECK(has_a_helper(), "in round", round);
      std::this_thread::sleep_for(std::chrono::milliseconds(round));
    }
  });
}

TEST(a_library_gets_all_threads_and_gives_them_back) {
  with_team(3, [] {
    for (int round = 0; round < 50; ++round) {
      CHECK(has_a_helper(), "in round", round);
      const TeamScope scope(3);
      CHECK(threads_of_a_region() == 3, threads_of_a_region());
      const TeamScope smaller(2);
      CHECK(threads_of_a_region() == 2, threads_of_a_region());
    }
    CHECK(cpu::library_threads() == 3);
  });
}

TEST(a_library_that_is_called_within_a_part_stays_on_its_thread) {
  with_team(2, [] {
    std::atomic<int> threads = 0;
    parallel(2, [&](int) {
      const TeamScope scope(1);
      threads += threads_of_a_region();
    });
    CHECK(threads == 2, threads.load());
  });
}

}  // namespace
}  // namespace bilevel
