// What computes an instruction: one object per instruction, made once when a program is first run, so that a step only
// calls run().
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace bilevel::cpu {

// Base address of every buffer of the program, for the current step, and of a workspace that is as large as the kernel
// that runs asked for, begins at a cache line, and holds whatever another kernel left there.
struct Memory {
  std::byte* const* buffers;
  std::byte* workspace = nullptr;

  template <typename T>
  T* at(int32_t buffer, int64_t offset = 0) const {
    return reinterpret_cast<T*>(buffers[buffer]) + offset;
  }
};

class Kernel {
 public:
  virtual ~Kernel() = default;
  // What it needs while it runs; all kernels of a program share one workspace.
  virtual int64_t workspace_bytes() const { return 0; }
  // Whether only the executor's thread may run it: where a library starts threads in run(), as many as the team has,
  // which are there already on a thread that has a team, or where it waits for others.
  virtual bool forks() const { return false; }
  // Executes the instruction on the calling thread and its team; where an Interrupt is requested, its outputs may hold
  // anything afterwards. Allocates nothing. Throws Error for an index out of range or a failure of a native library.
  virtual void run(const Memory& memory) = 0;
};

using KernelPointer = std::unique_ptr<Kernel>;

}  // namespace bilevel::cpu
