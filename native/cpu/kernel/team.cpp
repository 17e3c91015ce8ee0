#include "cpu/kernel/team.h"

#include <algorithm>
#include <system_error>
#include <thread>
#include <vector>

#include "engine/spin.h"

namespace bilevel::cpu {
namespace {

// How long a helper looks for the next part before it sleeps: longer than what one thread does alone between two
// parts, or between two short runs. To wake it takes a tenth of a millisecond on a virtual machine.
constexpr std::chrono::microseconds kPatience{300};

// Node's pool has four threads, which it starts when they are first needed.
constexpr int kLeftToTheHost = 4;

constexpr int kPartBits = 16;
constexpr uint64_t kPartMask = (uint64_t{1} << kPartBits) - 1;

int parts_of(uint64_t ticket) { return static_cast<int>(ticket & kPartMask); }

}  // namespace

thread_local const Control* Interrupt::current_ = nullptr;

Interrupt::Interrupt() : control_(current_) {}

InterruptScope::InterruptScope(const Control* control) : previous_(Interrupt::current_) {
  Interrupt::current_ = control;
}

InterruptScope::~InterruptScope() { Interrupt::current_ = previous_; }

int startable_threads(int threads) {
  if (threads == 1) return 1;
  std::mutex mutex;
  std::condition_variable all_started;
  bool done = false;
  std::vector<std::thread> started;
  started.reserve(static_cast<size_t>(threads + kLeftToTheHost));
  try {
    while (started.size() < started.capacity()) {
      started.emplace_back([&] {
        std::unique_lock lock(mutex);
        all_started.wait(lock, [&] { return done; });
      });
    }
  } catch (const std::system_error&) {
    // As many as there are now.
  }
  {
    const std::lock_guard lock(mutex);
    done = true;
  }
  all_started.notify_all();
  for (std::thread& thread : started) thread.join();
  const int count = static_cast<int>(started.size()) - kLeftToTheHost;
  // Where there is a limit, half of what it leaves: threads take address space also after they have started.
  return count == threads ? threads : std::max(1, count / 2);
}

thread_local Team* Team::current_ = nullptr;

Team::Team(int threads) : threads_(threads) {
  exchange_library_threads(threads);
  current_ = this;
  if (threads > 1) enter();
}

Team::~Team() {
  leave();
  current_ = nullptr;
}

void Team::run(int parts, Call call, const void* body) {
  call_ = call;
  body_ = body;
  control_ = Interrupt::current_;
  helped_.store(0, std::memory_order_relaxed);
  publish(parts);
  enter();
  const int left = parts - work(0, ticket_.load(std::memory_order_relaxed));
  spin_until([&] { return helped_.load(std::memory_order_acquire) == left; });
}

void Team::leave() {
  if (!in_region_) return;
  publish(0);
  helpers_.join();
  in_region_ = false;
}

void Team::enter() {
  if (in_region_) return;
  in_region_ = true;
  helpers_.start(
      threads_, [](void* team, int self) { static_cast<Team*>(team)->help(self); }, this);
}

void Team::publish(int parts) {
  const uint64_t run = (ticket_.load(std::memory_order_relaxed) >> kPartBits) + 1;
  // Either this thread sees that a helper sleeps, or that helper sees the ticket before it does.
  ticket_.store(run << kPartBits | static_cast<uint64_t>(parts), std::memory_order_seq_cst);
  if (sleeping_.load(std::memory_order_seq_cst) == 0) return;
  { const std::lock_guard lock(mutex_); }
  wake_.notify_all();
}

// Does the parts that are not claimed yet; returns how many it did.
int Team::work(int self, uint64_t ticket) {
  const int parts = parts_of(ticket);
  int done = 0;
  for (int i = 0; i < parts; ++i) {
    const int part = (self + i) % parts;
    std::atomic<uint64_t>& claim = claims_[static_cast<size_t>(part)].ticket;
    // All parts of an earlier run have been claimed in it or in a later one, so who comes too late gets none.
    uint64_t last = claim.load(std::memory_order_relaxed);
    if (last >= ticket || !claim.compare_exchange_strong(last, ticket, std::memory_order_relaxed)) continue;
    const InterruptScope interruptible(control_);
    call_(body_, part);
    ++done;
  }
  return done;
}

void Team::help(int self) {
  for (uint64_t seen = 0;;) {
    const auto is_new = [&] { return ticket_.load(std::memory_order_acquire) != seen; };
    if (!spin_until(is_new, kPatience)) sleep_until_not(seen);
    seen = ticket_.load(std::memory_order_acquire);
    if (parts_of(seen) == 0) return;
    if (const int done = work(self, seen); done > 0) helped_.fetch_add(done, std::memory_order_release);
  }
}

void Team::sleep_until_not(uint64_t ticket) {
  std::unique_lock lock(mutex_);
  sleeping_.fetch_add(1, std::memory_order_seq_cst);
  wake_.wait(lock, [&] { return ticket_.load(std::memory_order_seq_cst) != ticket; });
  sleeping_.fetch_sub(1, std::memory_order_relaxed);
}

TeamScope::TeamScope(int threads) {
  if constexpr (Helpers::kAreTheLibrarys) {
    // First, since settings that are made in a region end with it.
    if (Team* const team = Team::current(); team != nullptr && threads > 1) team->leave();
  }
  previous_ = exchange_library_threads(threads);
}

TeamScope::~TeamScope() { exchange_library_threads(previous_); }

}  // namespace bilevel::cpu
