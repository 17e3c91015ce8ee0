#include "mpi/library.h"

#if !defined(_WIN32)
#include <dlfcn.h>
#endif

#include <atomic>
#include <cstdlib>
#include <mutex>
#include <optional>

#include "mpi/shim.h"
#include "program/error.h"

namespace bilevel::mpi {
namespace {

std::atomic<int64_t> calls{0}, bytes{0};

class MpiRanks final : public Ranks {
 public:
  MpiRanks(const BilevelMpi& mpi, double seconds) : mpi_(mpi), seconds_(seconds) {}

  void all_reduce(const float* x, float* y, int64_t count, const Control* control) const override {
    BilevelMpiText text{};
    const auto stop = [](const void* context) { return static_cast<const Control*>(context)->stop_requested(); };
    const BilevelMpiOutcome outcome =
        mpi_.all_reduce(x, y, count, control == nullptr ? nullptr : +stop, control, seconds_, &text);
    ++calls;
    bytes += count * static_cast<int64_t>(sizeof(float));
    if (outcome == kBilevelMpiFailed) throw Error("RANKS_LOST", text.characters);
  }

 private:
  const BilevelMpi& mpi_;
  const double seconds_;
};

std::mutex mutex;
const BilevelMpi* library = nullptr;
std::optional<Joined> group;

const BilevelMpi& open(const std::string& path) {
#if defined(_WIN32)
  throw Error("DEVICE_UNAVAILABLE", "Ranks of MPI are not there on Windows.");
#else
  // UCX, on which an MPI may rest, would patch the functions by which a process gets its memory while threads of V8 run
  // them, and take the signals by which V8 learns of faults in WebAssembly. A user's own settings count.
  setenv("UCX_MEM_EVENTS", "no", 0);
  setenv("UCX_ERROR_SIGNALS", "", 0);
  // Its own parts look for the names of MPI among those of the process.
  void* const handle = dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (handle == nullptr) throw Error("DEVICE_UNAVAILABLE", dlerror());
  void* const function = dlsym(handle, "bilevel_mpi");
  if (function == nullptr) throw Error("DEVICE_UNAVAILABLE", path + " is not the library that bilevel builds.");
  return *reinterpret_cast<const BilevelMpi* (*)()>(function)();
#endif
}

}  // namespace

const Joined& join(const std::string& path, double seconds) {
  const std::lock_guard lock(mutex);
  if (group) return *group;
  const BilevelMpi& mpi = open(path);
  int rank = 0, size = 0;
  BilevelMpiText text{};
  if (mpi.join(&rank, &size, &text) != kBilevelMpiDone) throw Error("DEVICE_UNAVAILABLE", text.characters);
  Joined made{std::make_shared<MpiRanks>(mpi, seconds), rank, {}};
  for (int each = 0; each < size; ++each) {
    mpi.host(each, &text);
    made.hosts.emplace_back(text.characters);
  }
  library = &mpi;
  group = std::move(made);
  return *group;
}

Sums sums() { return {calls, bytes}; }

std::shared_ptr<const Ranks> joined() {
  const std::lock_guard lock(mutex);
  return group ? group->ranks : nullptr;
}

void leave() {
  if (library != nullptr) library->leave();
}

void abort(int status) {
  if (library != nullptr) library->abort(status);
}

}  // namespace bilevel::mpi
