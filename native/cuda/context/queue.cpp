#include "cuda/context/queue.h"

#include <array>
#include <exception>
#include <utility>

namespace bilevel::cuda {

Queue::Queue(std::shared_ptr<const DeviceContext> context) : context_(std::move(context)) {
  Stream stream = nullptr;
  check((*context_)->cuStreamCreate(&stream, kNonBlockingStream), "cuStreamCreate");
  stream_ = {context_, stream};
}

void Queue::copy_to_device(DevicePointer to, const void* from, int64_t bytes) {
  if (bytes == 0) return;
  check((*context_)->cuMemcpyHtoDAsync_v2(to, from, static_cast<size_t>(bytes), stream_.get()), "cuMemcpyHtoDAsync");
}

void Queue::copy_to_host(void* to, DevicePointer from, int64_t bytes) {
  if (bytes == 0) return;
  check((*context_)->cuMemcpyDtoHAsync_v2(to, from, static_cast<size_t>(bytes), stream_.get()), "cuMemcpyDtoHAsync");
}

void Queue::copy_on_device(DevicePointer to, DevicePointer from, int64_t bytes) {
  if (bytes == 0) return;
  check((*context_)->cuMemcpyDtoDAsync_v2(to, from, static_cast<size_t>(bytes), stream_.get()), "cuMemcpyDtoDAsync");
}

void Queue::fill(DevicePointer to, unsigned char byte, int64_t bytes) {
  if (bytes == 0) return;
  check((*context_)->cuMemsetD8Async(to, byte, static_cast<size_t>(bytes), stream_.get()), "cuMemsetD8Async");
}

void Queue::launch(Function function, int64_t blocks, int64_t threads, std::span<const DevicePointer> arguments) {
  std::array<void*, 1> parameters = {const_cast<DevicePointer*>(arguments.data())};
  check((*context_)->cuLaunchKernel(function, static_cast<unsigned>(blocks), 1, 1, static_cast<unsigned>(threads), 1, 1,
                                    0, stream_.get(), parameters.data(), nullptr),
        "cuLaunchKernel");
}

OwnedGraphExec Queue::capture(const std::function<void()>& issue) {
  const auto end = [&] {
    Graph graph = nullptr;
    const Result result = (*context_)->cuStreamEndCapture(stream_.get(), &graph);
    return std::pair(result, OwnedGraph(context_, graph));
  };
  check((*context_)->cuStreamBeginCapture_v2(stream_.get(), kThreadLocalCapture), "cuStreamBeginCapture");
  try {
    issue();
  } catch (...) {
    end();  // or the queue would take nothing else any more
    throw;
  }
  const auto [result, graph] = end();
  check(result, "cuStreamEndCapture");
  GraphExec executable = nullptr;
  check((*context_)->cuGraphInstantiateWithFlags(&executable, graph.get(), 0), "cuGraphInstantiateWithFlags");
  return {context_, executable};
}

void Queue::launch(const OwnedGraphExec& graph) {
  check((*context_)->cuGraphLaunch(graph.get(), stream_.get()), "cuGraphLaunch");
}

OwnedEvent Queue::make_event(bool keeps_time) {
  Event event = nullptr;
  check((*context_)->cuEventCreate(&event, keeps_time ? 0 : kTimelessEvent), "cuEventCreate");
  return {context_, event};
}

void Queue::record(const OwnedEvent& event) {
  check((*context_)->cuEventRecord(event.get(), stream_.get()), "cuEventRecord");
}

void Queue::wait(const OwnedEvent& event) { check((*context_)->cuEventSynchronize(event.get()), "cuEventSynchronize"); }

double Queue::seconds_between(const OwnedEvent& start, const OwnedEvent& end) {
  float milliseconds = 0;
  check((*context_)->cuEventElapsedTime(&milliseconds, start.get(), end.get()), "cuEventElapsedTime");
  return static_cast<double>(milliseconds) / 1000;
}

void Queue::wait() { check((*context_)->cuStreamSynchronize(stream_.get()), "cuStreamSynchronize"); }

void Queue::drain() noexcept {
  try {
    wait();
  } catch (const std::exception& error) {
    context_->lose(error.what());
  }
}

}  // namespace bilevel::cuda
