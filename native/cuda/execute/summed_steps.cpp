#include "cuda/execute/summed_steps.h"

#include <cstddef>

namespace bilevel::cuda {

SummedSteps::SummedSteps(Queue& queue, std::span<const Launch> prologue, std::span<const RankSum> prologue_sums,
                         std::span<const Launch> body, std::span<const RankSum> body_sums, const RankSums& sums)
    : sums_(sums), prologue_(segments_of(queue, prologue, prologue_sums)), body_(segments_of(queue, body, body_sums)) {}

std::vector<SummedSteps::Segment> SummedSteps::segments_of(Queue& queue, std::span<const Launch> launches,
                                                           std::span<const RankSum> sums) {
  std::vector<Segment> segments;
  size_t first = 0;
  const auto add = [&](size_t end, const RankSum* sum) {
    const std::span<const Launch> between = launches.subspan(first, end - first);
    Segment segment{.graph = {}, .sum = sum};
    if (!between.empty()) segment.graph = queue.capture([&] { issue(queue, between); });
    segments.push_back(std::move(segment));
    first = end;
  };
  for (const RankSum& sum : sums) add(sum.launch, &sum);
  add(launches.size(), nullptr);
  return segments;
}

int32_t SummedSteps::run(Queue& queue, int32_t steps, const Control& control) const {
  // False where it was given up.
  const auto carry_out = [&](const std::vector<Segment>& segments, bool is_first) {
    for (const Segment& segment : segments) {
      if (segment.graph) queue.launch(segment.graph);
      if (segment.sum == nullptr) continue;
      const bool can_stop = is_first ? segment.sum->in_first : segment.sum->in_others;
      sums_.make(queue, *segment.sum, can_stop ? &control : nullptr);
      if (can_stop && control.stop_requested()) return false;
    }
    return true;
  };
  if (!carry_out(prologue_, true)) return 0;
  for (int32_t step = 0; step < steps; ++step) {
    if (control.stop_requested() || !carry_out(body_, step == 0)) return step;
  }
  return steps;
}

}  // namespace bilevel::cuda
