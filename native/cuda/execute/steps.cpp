#include "cuda/execute/steps.h"

#include <cstddef>

namespace bilevel::cuda {
namespace {

constexpr int32_t kUnrolled = 8;
constexpr size_t kMostUnrolledLaunches = 1024;

}  // namespace

Steps::Steps(Queue& queue, std::span<const Launch> prologue, std::span<const Launch> body) {
  const auto capture = [&](std::span<const Launch> launches, int32_t times) {
    return queue.capture([&] {
      for (int32_t time = 0; time < times; ++time) issue(queue, launches);
    });
  };
  if (!prologue.empty()) prologue_ = capture(prologue, 1);
  if (!body.empty()) step_ = capture(body, 1);
  if (!body.empty() && body.size() * kUnrolled <= kMostUnrolledLaunches) unrolled_ = capture(body, kUnrolled);
  for (OwnedEvent& event : launched_) event = queue.make_event(false);
}

int32_t Steps::run(Queue& queue, int32_t steps, const Control& control) const {
  if (prologue_) queue.launch(prologue_);
  if (!step_) return steps;
  std::array<int32_t, kAhead>
      ends{};  // steps that are completed when the event of that place is, 0 while it is not used
  int32_t queued = 0;
  for (size_t turn = 0; queued < steps && !control.stop_requested(); turn = (turn + 1) % kAhead) {
    if (ends[turn] > 0) {
      queue.wait(launched_[turn]);
      control.publish(ends[turn]);
    }
    const bool several = unrolled_ && steps - queued >= kUnrolled;
    queue.launch(several ? unrolled_ : step_);
    queue.record(launched_[turn]);
    queued += several ? kUnrolled : 1;
    ends[turn] = queued;
  }
  return queued;
}

}  // namespace bilevel::cuda
