// Threads of execution that change over by hand, on one thread of the operating system.
#pragma once

#include <cstddef>
#include <memory>

namespace bilevel::emulation {

class Fiber {
 public:
  Fiber();
  ~Fiber();
  Fiber(Fiber&&) noexcept;
  Fiber& operator=(Fiber&&) noexcept;

  // Begins to call body(context), or goes on where it left off, until it suspends itself or is done. Rethrows what the
  // body throws.
  using Body = void (*)(void* context);
  void start(Body body, void* context);
  void resume();
  bool is_done() const;

  // Called within a body: returns to who resumed it.
  static void suspend();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bilevel::emulation
