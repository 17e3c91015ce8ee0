// The steps of a run, as graphs that are launched many times.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "cuda/execute/launches.h"
#include "engine/engine.h"

namespace bilevel::cuda {

class Steps {
 public:
  // Captures them. Throws as Queue::capture does.
  Steps(Queue& queue, std::span<const Launch> prologue, std::span<const Launch> body);

  // Queues the prologue and the steps, and publishes those completed until the last ones. Asks for a stop before every
  // graph, of which no more than two are under way; returns how many steps it has queued.
  int32_t run(Queue& queue, int32_t steps, const Control& control) const;

 private:
  static constexpr int32_t kAhead = 2;

  OwnedGraphExec prologue_, step_;
  OwnedGraphExec unrolled_;  // of small steps several, whose launches would take longer than the work
  std::array<OwnedEvent, kAhead> launched_;
};

}  // namespace bilevel::cuda
