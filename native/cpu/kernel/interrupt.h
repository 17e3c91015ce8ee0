// How a kernel learns that its result is wanted no more. It reaches a kernel as the team does, by the thread that it
// runs on, so that what lies between a run and its innermost loops need not pass it on.
#pragma once

#include "engine/engine.h"

namespace bilevel::cpu {

// What the calling thread works for, taken where a kernel, or a part of it, begins. Kernels that may take longer than
// some tens of milliseconds ask it in their outer loop, and return early with outputs in any state.
class Interrupt {
 public:
  Interrupt();
  bool requested() const { return control_ != nullptr && control_->stop_requested(); }
  // What asks; null where nothing may interrupt.
  const Control* control() const { return control_; }

 private:
  friend class InterruptScope;
  friend class Team;
  static thread_local const Control* current_;
  const Control* control_;
};

// Lets kernels on the calling thread and its team be interrupted by `control` for the lifetime of the scope; by nothing
// where it is null.
class InterruptScope {
 public:
  explicit InterruptScope(const Control* control);
  ~InterruptScope();
  InterruptScope(const InterruptScope&) = delete;
  InterruptScope& operator=(const InterruptScope&) = delete;

 private:
  const Control* previous_;
};

}  // namespace bilevel::cpu
