#include "cuda/execute/profile.h"

#include <algorithm>

namespace bilevel::cuda {

int32_t run_timed(Queue& queue, std::span<const InstructionLaunches> prologue,
                  std::span<const InstructionLaunches> body, const RankSums* sums, int32_t steps,
                  const Control& control, std::span<double> seconds) {
  std::vector<OwnedEvent> events;  // before and after every instruction
  for (size_t i = 0; i <= std::max(prologue.size(), body.size()); ++i) events.push_back(queue.make_event(true));
  const auto run = [&](std::span<const InstructionLaunches> instructions) {
    queue.record(events[0]);
    for (size_t i = 0; i < instructions.size(); ++i) {
      issue(queue, instructions[i].launches);
      if (instructions[i].sum != nullptr) sums->make(queue, *instructions[i].sum, nullptr);
      queue.record(events[i + 1]);
    }
    queue.wait();
    for (size_t i = 0; i < instructions.size(); ++i) {
      const size_t number = instructions[i].instruction;
      if (number < seconds.size()) seconds[number] += queue.seconds_between(events[i], events[i + 1]);
    }
  };
  run(prologue);
  int32_t completed = 0;
  for (; completed < steps && !control.stop_requested(); ++completed) {
    run(body);
    control.publish(completed + 1);
  }
  return completed;
}

}  // namespace bilevel::cuda
