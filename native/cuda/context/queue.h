// A queue of work for the device, which carries it out in order while the host goes on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "cuda/context/owned.h"

namespace bilevel::cuda {

// All functions but drain() throw as DeviceContext::check does. The calling thread is in the context's scope.
class Queue {
 public:
  explicit Queue(std::shared_ptr<const DeviceContext> context);

  void copy_to_device(DevicePointer to, const void* from, int64_t bytes);
  void copy_to_host(void* to, DevicePointer from, int64_t bytes);
  void copy_on_device(DevicePointer to, DevicePointer from, int64_t bytes);
  void fill(DevicePointer to, unsigned char byte, int64_t bytes);
  // `arguments`: what the struct of the kernel's parameter holds.
  void launch(Function function, int64_t blocks, int64_t threads, std::span<const DevicePointer> arguments);

  // What `issue` puts into the queue, as one piece of work to be launched many times.
  OwnedGraphExec capture(const std::function<void()>& issue);
  void launch(const OwnedGraphExec& graph);

  OwnedEvent make_event(bool keeps_time);
  void record(const OwnedEvent& event);
  // Waits for all that was in the queue when the event was recorded.
  void wait(const OwnedEvent& event);
  double seconds_between(const OwnedEvent& start, const OwnedEvent& end);

  // Waits for all of it.
  void wait();
  // The same after a failure: what is still queued may use memory that is about to be given back. Where even that
  // fails, the context is lost.
  void drain() noexcept;

 private:
  void check(Result result, const char* function) const { context_->check(result, function); }

  std::shared_ptr<const DeviceContext> context_;
  OwnedStream stream_;
};

}  // namespace bilevel::cuda
