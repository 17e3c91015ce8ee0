#include "test/emulation/launch.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "test/emulation/fibers.h"

namespace bilevel::emulation {
namespace {

constexpr uint32_t kLanes = 32, kMostThreads = 1024;
constexpr uint64_t kSharedBytes = 48 * 1024;

// What a thread waits for.
enum class Wait : uint8_t { kNothing, kBarrier, kWarp };

struct Thread {
  Wait wait = Wait::kNothing;
  int line = 0;  // of the barrier
  WarpOperation operation{};
  uint32_t mask = 0;
  uint64_t value = 0;
  int32_t argument = 0;
};

[[noreturn]] void refuse(const std::string& what) { throw std::runtime_error(what); }

class Grid {
 public:
  Grid(const Function& function, int64_t blocks, uint32_t threads, const void* arguments, Order order, uint32_t seed)
      : function_(function), arguments_(arguments), order_(order), random_(seed) {
    if (threads == 0 || threads > kMostThreads || blocks <= 0 || blocks > INT32_MAX) {
      refuse("a grid of " + std::to_string(blocks) + " blocks of " + std::to_string(threads) + " threads");
    }
    blocks_.resize(static_cast<size_t>(blocks));
    threads_.resize(threads);
    turns_.resize(threads);
    while (fibers().size() < threads) fibers().emplace_back();
  }

  void run() {
    arrange(blocks_);
    for (const uint32_t block : blocks_) {
      runtime().block = {block, 0, 0};
      ++runtime().blocks_begun;
      runtime().shared_bytes = 0;
      if (function_.has_barriers) {
        run_block();
      } else {
        arrange(turns_);
        for (const uint32_t thread : turns_) {
          runtime().thread = {thread, 0, 0};
          function_.run(arguments_);
        }
      }
      if (runtime().shared_bytes > kSharedBytes) {
        refuse(std::to_string(runtime().shared_bytes) + " bytes of shared memory");
      }
    }
  }

  void wait(Thread request) {
    if (!function_.has_barriers) refuse("a thread waits in a kernel that says it does not");
    self() = request;
    Fiber::suspend();
  }
  Thread& self() { return threads_[runtime().thread.x]; }

  static std::vector<Fiber>& fibers() {
    static std::vector<Fiber> all;
    return all;
  }
  static Grid* current;

 private:
  void arrange(std::vector<uint32_t>& turns) {
    std::iota(turns.begin(), turns.end(), 0u);
    if (order_ == Order::kBackward) std::reverse(turns.begin(), turns.end());
    if (order_ == Order::kShuffled) std::shuffle(turns.begin(), turns.end(), random_);
  }

  static void run_thread(void* grid) {
    const auto* self = static_cast<const Grid*>(grid);
    self->function_.run(self->arguments_);
  }

  bool is_done(size_t thread) const { return fibers()[thread].is_done(); }

  void run_block() {
    std::fill(threads_.begin(), threads_.end(), Thread{});
    for (size_t t = 0; t < threads_.size(); ++t) fibers()[t].start(&Grid::run_thread, this);
    while (true) {
      arrange(turns_);
      for (const uint32_t t : turns_) {
        if (is_done(t) || threads_[t].wait != Wait::kNothing) continue;
        runtime().thread = {t, 0, 0};
        fibers()[t].resume();
      }
      size_t done = 0, waiting = 0;
      for (size_t t = 0; t < threads_.size(); ++t) {
        done += is_done(t);
        waiting += !is_done(t) && threads_[t].wait == Wait::kBarrier;
      }
      if (done == threads_.size()) return;
      bool progressed = false;
      if (waiting == threads_.size()) {
        pass_barrier();
        progressed = true;
      }
      for (size_t first = 0; first < threads_.size(); first += kLanes) {
        progressed = complete_warp(first) || progressed;
      }
      if (!progressed) {
        refuse("for ever: in block " + std::to_string(runtime().block.x) + " " + std::to_string(done) +
               " threads have ended, " + std::to_string(waiting) + " wait at a barrier and " +
               std::to_string(threads_.size() - done - waiting) + " for lanes of their warp");
      }
    }
  }

  void pass_barrier() {
    for (Thread& thread : threads_) {
      if (thread.line != threads_[0].line) refuse("threads of a block wait at different barriers");
      thread.wait = Wait::kNothing;
    }
  }

  // Carries out what all lanes of a mask have come to.
  bool complete_warp(size_t first) {
    const std::span warp = std::span(threads_).subspan(first, std::min<size_t>(kLanes, threads_.size() - first));
    bool completed = false;
    for (size_t lane = 0; lane < warp.size(); ++lane) {
      if (!is_complete(warp, first, lane)) continue;
      const std::vector<Thread> before(warp.begin(), warp.end());
      for (size_t other = 0; other < warp.size(); ++other) {
        if ((before[lane].mask >> other & 1) == 0) continue;
        warp[other].value = result_of(before, other);
        warp[other].wait = Wait::kNothing;
      }
      completed = true;
    }
    return completed;
  }

  bool is_complete(std::span<const Thread> warp, size_t first, size_t lane) const {
    const Thread& self = warp[lane];
    if (is_done(first + lane) || self.wait != Wait::kWarp || (self.mask >> lane & 1) == 0) return false;
    for (size_t other = 0; other < kLanes; ++other) {
      if ((self.mask >> other & 1) == 0) continue;
      if (other >= warp.size() || is_done(first + other) || warp[other].wait != Wait::kWarp ||
          warp[other].mask != self.mask || warp[other].operation != self.operation) {
        return false;
      }
    }
    return true;
  }

  static uint64_t result_of(std::span<const Thread> warp, size_t lane) {
    const Thread& self = warp[lane];
    const auto value_of = [&](size_t other) {
      if (other >= warp.size() || (self.mask >> other & 1) == 0) refuse("a shuffle reads a lane that takes no part");
      return warp[other].value;
    };
    const auto lanes_where = [&](auto&& condition) {
      uint64_t mask = 0;
      for (size_t other = 0; other < warp.size(); ++other) {
        if ((self.mask >> other & 1) != 0 && condition(warp[other])) mask |= uint64_t{1} << other;
      }
      return mask;
    };
    switch (self.operation) {
      case WarpOperation::kSync:
        return 0;
      case WarpOperation::kShuffle:
        return value_of(static_cast<uint32_t>(self.argument) % kLanes);
      case WarpOperation::kShuffleXor:
        return value_of(lane ^ static_cast<uint32_t>(self.argument));
      case WarpOperation::kMatchAny:
        return lanes_where([&](const Thread& other) { return other.value == self.value; });
      case WarpOperation::kBallot:
        return lanes_where([](const Thread& other) { return other.value != 0; });
    }
    return 0;
  }

  const Function& function_;
  const void* arguments_;
  const Order order_;
  std::mt19937 random_;
  std::vector<Thread> threads_;
  std::vector<uint32_t> blocks_, turns_;  // in the order in which they run
};

Grid* Grid::current = nullptr;

}  // namespace

Runtime& runtime() {
  static Runtime one{
      {},
      {},
      0,
      0,
      [](int line) {
        Grid::current->wait({Wait::kBarrier, line, {}, 0, 0, 0});
      },
      [](WarpOperation operation, uint32_t mask, uint64_t value, int32_t argument) {
        Grid::current->wait({Wait::kWarp, 0, operation, mask, value, argument});
        return Grid::current->self().value;
      },
  };
  return one;
}

void launch(const Function& function, int64_t blocks, uint32_t threads, const void* arguments, Order order,
            uint32_t seed) {
  Grid grid(function, blocks, threads, arguments, order, seed);
  Grid::current = &grid;
  try {
    grid.run();
  } catch (...) {
    // What threads were in the middle of is given up.
    Grid::fibers().clear();
    throw;
  }
}

}  // namespace bilevel::emulation
