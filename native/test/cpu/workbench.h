// Runs kernels over guarded buffers.
#pragma once

#include <functional>

#include "cpu/kernel/kernel.h"
#include "cpu/kernel/scratch.h"
#include "program/program.h"
#include "test/support/guarded_buffers.h"
#include "test/support/values.h"

namespace bilevel::test {

// A workspace of a kernel, filled with rubbish.
class Workspace {
 public:
  explicit Workspace(int64_t bytes);
  std::byte* data() const { return memory_.at<std::byte>(); }

 private:
  cpu::Scratch memory_;
};

// Runs a kernel with a workspace of its own.
void run_kernel(cpu::Kernel& kernel, const cpu::Memory& memory, int repeats = 1);

class Workbench : public GuardedBuffers {
 public:
  // Executes the operation `repeats` times with one kernel on a team of `threads`; fails the test when a guard
  // changed.
  void run(const Operation& operation, int threads = 1, int repeats = 1);
  // Calls body(memory); fails the test when a guard changed.
  void run(const std::function<void(const cpu::Memory&)>& body);
};

}  // namespace bilevel::test
