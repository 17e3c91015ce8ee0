// What the fake driver knows: contexts and what lives in them.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "test/emulation/code.h"
#include "test/fake_cuda/counts.h"
#include "test/fake_cuda/faults.h"
#include "test/fake_cuda/memory.h"
#include "test/fake_cuda/results.h"

namespace bilevel::fake_cuda {

// What a stream has to do; it throws DeviceFailure where the context is lost by it.
struct DeviceFailure {
  Result result;
};
using Work = std::function<void()>;

// Things of one kind by their handles.
template <typename T>
class Handles {
 public:
  template <typename Handle>
  T& make(Handle* handle) {
    auto made = std::make_shared<T>();
    *handle = reinterpret_cast<Handle>(made.get());
    return *things_.emplace(made.get(), std::move(made)).first->second;
  }
  // Null when there is none.
  std::shared_ptr<T> find(const void* handle) const {
    const auto found = things_.find(handle);
    return found == things_.end() ? nullptr : found->second;
  }
  bool remove(const void* handle) { return things_.erase(handle) > 0; }
  int64_t count() const { return static_cast<int64_t>(things_.size()); }
  auto begin() const { return things_.begin(); }
  auto end() const { return things_.end(); }

 private:
  std::map<const void*, std::shared_ptr<T>> things_;
};

struct Capture {
  int mode = 0;
  std::thread::id thread;
  bool invalidated = false;
  std::vector<Work> nodes;
};

struct Stream {
  std::deque<Work> queue;
  std::shared_ptr<Capture> capture;
};

struct Record {
  std::weak_ptr<Stream> stream;  // whose work it may be itself
  bool done = false;
  std::chrono::steady_clock::time_point time;
};

struct Event {
  bool keeps_time = true;
  std::shared_ptr<Record> last;       // none until it is recorded
  std::shared_ptr<Capture> captured;  // the capture that it was last recorded in
};

using Nodes = std::vector<Work>;
struct Graph {
  Nodes nodes;
};
struct Executable {
  std::shared_ptr<const Nodes> nodes;
};

struct Function {
  emulation::Function code;
  std::weak_ptr<const bool> loaded;  // while its module is
};
struct Module {
  std::map<std::string, std::string> libraries;  // by kernel
  std::vector<cuda::Function> functions;         // that were asked for
  std::shared_ptr<const bool> loaded = std::make_shared<const bool>(true);
};

struct Context {
  cuda::Ordinal device = 0;
  Result lost = cuda::kSuccess;  // what every later call answers
  DeviceMemory memory;
  HostMemory host;
  Handles<Stream> streams;
  Handles<Event> events;
  Handles<Graph> graphs;
  Handles<Executable> executables;
  Handles<Module> modules;
  Handles<Function> functions;  // of the modules

  int64_t objects() const {
    return memory.count() + host.count() + streams.count() + events.count() + graphs.count() + executables.count() +
           modules.count();
  }
};

// Lets threads in one by one, in the order in which they came: one that works for ever does not keep the others out.
class FairMutex {
 public:
  void lock();
  void unlock();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t next_ = 0, served_ = 0;
};

// Guards all of it. Work is done without it, by one thread at a time, which holds `execution` and takes it first.
std::mutex& state_mutex();
FairMutex& execution_mutex();
Handles<Context>& contexts();
Counts& counts();

// The calling thread's context, or why there is none to be used.
std::shared_ptr<Context> current_context(Result* result);

// Whether cuInit() has been called and there is this device.
Result check_device(cuda::Ordinal device);
// The compute capability of all devices, 90 for 9.0.
int device_capability();

// Returns what the context's calls answer from now on.
Result lose(Context& context, Result result);

// A call that a capture forbids. Those that wait for one stream are forbidden while it is captured, those that may wait
// for all of them while this thread captures any, but in relaxed mode. Invalidates the captures.
Result refuse_in_capture(Context& context);
Result refuse_in_capture(Stream& stream);

// What a call of the function answers before it does anything: the fault that is planned for it, that there is no
// context, or that the context is lost.
Result enter(const char* function, std::shared_ptr<Context>* context);

// Adds to what the stream has to do, or to what it captures.
Result enqueue(Stream& stream, Work work);

// Does what a stream has to do until `is_enough`; or all. The caller holds `execution` and not `state`.
Result execute(
    Context& context, Stream& stream, const std::function<bool()>& is_enough = [] { return false; },
    size_t most = SIZE_MAX);
Result execute_all(Context& context);

}  // namespace bilevel::fake_cuda

// Begins every function that works in the context of its thread, and those that wait for work too.
#define FAKE_CUDA_ENTER_CONTEXT                                   \
  const std::lock_guard state(bilevel::fake_cuda::state_mutex()); \
  std::shared_ptr<bilevel::fake_cuda::Context> context;           \
  if (const auto result = bilevel::fake_cuda::enter(__func__, &context); result != 0) return result
#define FAKE_CUDA_ENTER_WAITING                                           \
  const std::lock_guard execution(bilevel::fake_cuda::execution_mutex()); \
  std::unique_lock state(bilevel::fake_cuda::state_mutex());              \
  std::shared_ptr<bilevel::fake_cuda::Context> context;                   \
  if (const auto result = bilevel::fake_cuda::enter(__func__, &context); result != 0) return result
