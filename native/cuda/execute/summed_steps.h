// The steps of a run in which processes that compute together meet: graphs with sums between them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cuda/execute/launches.h"
#include "cuda/execute/rank_sums.h"
#include "engine/engine.h"

namespace bilevel::cuda {

class SummedSteps {
 public:
  // Captures what lies between sums; `sums` outlives this. Throws as Queue::capture does.
  SummedSteps(Queue& queue, std::span<const Launch> prologue, std::span<const RankSum> prologue_sums,
              std::span<const Launch> body, std::span<const RankSum> body_sums, const RankSums& sums);

  // As Steps::run; returns how many steps it has queued, the sums of which are made. Asks for a stop before every step,
  // and while it waits for other ranks where the bindings still hold whole steps.
  int32_t run(Queue& queue, int32_t steps, const Control& control) const;

 private:
  struct Segment {
    OwnedGraphExec graph;  // nothing where there is no launch
    const RankSum* sum;    // that is made behind it; null for the last one
  };
  static std::vector<Segment> segments_of(Queue& queue, std::span<const Launch> launches,
                                          std::span<const RankSum> sums);

  const RankSums& sums_;
  std::vector<Segment> prologue_, body_;
};

}  // namespace bilevel::cuda
