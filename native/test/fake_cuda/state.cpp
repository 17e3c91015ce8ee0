#include "test/fake_cuda/state.h"

#include <csignal>
#include <cstdio>
#include <stdexcept>

namespace bilevel::fake_cuda {
namespace {

// While it lives, device code that touches what it may not throws DeviceFailure.
class FaultsThrow {
 public:
  FaultsThrow() {
    struct sigaction action {};
    action.sa_sigaction = &FaultsThrow::handle;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    sigaction(SIGSEGV, &action, &previous());
    working = true;
  }
  ~FaultsThrow() {
    working = false;
    sigaction(SIGSEGV, &previous(), nullptr);
  }
  FaultsThrow(const FaultsThrow&) = delete;
  FaultsThrow& operator=(const FaultsThrow&) = delete;

 private:
  static void handle(int signal, siginfo_t* info, void* machine) {
    if (working && is_on_device(info->si_addr)) throw DeviceFailure{kIllegalAddress};
    const struct sigaction& other = previous();
    if ((other.sa_flags & SA_SIGINFO) != 0) {
      other.sa_sigaction(signal, info, machine);
    } else {
      // The instruction is tried again, and meets the handler that there was.
      sigaction(SIGSEGV, &other, nullptr);
    }
  }
  static struct sigaction& previous() {
    static struct sigaction one {};
    return one;
  }
  static thread_local bool working;
};

thread_local bool FaultsThrow::working = false;

// While it lives, work may touch the memory of a context.
class Opened {
 public:
  explicit Opened(Context& context) : context_(context) {}
  ~Opened() {
    if (count_ < 0) return;  // there was no work
    const std::lock_guard state(state_mutex());
    context_.memory.open(false);
  }
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;

  // Before every piece of work, which may be about memory that another thread has added meanwhile.
  void refresh() {
    if (count_ == context_.memory.added()) return;
    count_ = context_.memory.added();
    context_.memory.open(true);
  }

 private:
  Context& context_;
  int64_t count_ = -1;
};

Result done(const Work& work) {
  try {
    const FaultsThrow faults;
    work();
    return cuda::kSuccess;
  } catch (const DeviceFailure& failure) {
    return failure.result;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "fake CUDA: %s\n", error.what());
    return kLaunchFailed;
  }
}

}  // namespace

void FairMutex::lock() {
  std::unique_lock lock(mutex_);
  const uint64_t turn = next_++;
  changed_.wait(lock, [&] { return turn == served_; });
}

void FairMutex::unlock() {
  {
    const std::lock_guard lock(mutex_);
    ++served_;
  }
  changed_.notify_all();
}

// None of these ends before the process does: threads may still be in calls.
std::mutex& state_mutex() {
  static auto& one = *new std::mutex;
  return one;
}
FairMutex& execution_mutex() {
  static auto& one = *new FairMutex;
  return one;
}
Handles<Context>& contexts() {
  static auto& all = *new Handles<Context>;
  return all;
}
Counts& counts() {
  static Counts one;
  return one;
}

Result lose(Context& context, Result result) { return context.lost = result; }

Result refuse_in_capture(Context& context) {
  Result result = cuda::kSuccess;
  for (const auto& [handle, stream] : context.streams) {
    if (!stream->capture || stream->capture->mode == kRelaxedCapture) continue;
    if (stream->capture->mode == cuda::kThreadLocalCapture && stream->capture->thread != std::this_thread::get_id()) {
      continue;
    }
    stream->capture->invalidated = true;
    result = kCaptureUnsupported;
  }
  return result;
}

Result refuse_in_capture(Stream& stream) {
  if (!stream.capture) return cuda::kSuccess;
  stream.capture->invalidated = true;
  return kCaptureUnsupported;
}

Result enter(const char* function, std::shared_ptr<Context>* context) {
  Result missing = cuda::kSuccess;
  *context = current_context(&missing);
  if (const Result planned = called(function); planned != cuda::kSuccess) {
    return *context != nullptr && is_sticky(planned) ? lose(**context, planned) : planned;
  }
  return *context == nullptr ? missing : (*context)->lost;
}

Result enqueue(Stream& stream, Work work) {
  if (!stream.capture) {
    stream.queue.push_back(std::move(work));
    return cuda::kSuccess;
  }
  if (stream.capture->invalidated) return kCaptureInvalidated;
  stream.capture->nodes.push_back(std::move(work));
  return cuda::kSuccess;
}

Result execute(Context& context, Stream& stream, const std::function<bool()>& is_enough, size_t most) {
  Opened opened(context);
  for (; most > 0; --most) {
    Work work;
    {
      const std::lock_guard state(state_mutex());
      if (context.lost != cuda::kSuccess) return context.lost;
      if (stream.queue.empty() || is_enough()) return cuda::kSuccess;
      work = std::move(stream.queue.front());
      stream.queue.pop_front();
      opened.refresh();
    }
    if (const Result result = done(work); result != cuda::kSuccess) {
      const std::lock_guard state(state_mutex());
      ++counts().failed_work;
      return lose(context, result);
    }
  }
  return cuda::kSuccess;
}

Result execute_all(Context& context) {
  std::vector<std::shared_ptr<Stream>> streams;
  {
    const std::lock_guard state(state_mutex());
    for (const auto& [handle, stream] : context.streams) streams.push_back(stream);
  }
  for (const auto& stream : streams) {
    if (const Result result = execute(context, *stream); result != cuda::kSuccess) return result;
  }
  return cuda::kSuccess;
}

}  // namespace bilevel::fake_cuda
