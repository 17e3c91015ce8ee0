// The contract between the CPU executor and its kernels: one kernel object per instruction, made once when a program is
// first run, so that a step only calls run().
#pragma once

#include <cstddef>
#include <memory>

#include "cpu/settings.h"
#include "program/program.h"

namespace bilevel::cpu {

// Base address of every buffer of the program, for the current step.
struct Memory {
  std::byte* const* buffers;

  template <typename T>
  T* at(int32_t buffer, int64_t offset = 0) const {
    return reinterpret_cast<T*>(buffers[buffer]) + offset;
  }
};

class Kernel {
 public:
  virtual ~Kernel() = default;
  // Executes the instruction on the calling thread and its OpenMP team. Allocates nothing. Throws Error for an index
  // out of range or a failure of a native library.
  virtual void run(const Memory& memory) = 0;
};

// Makes the kernel of one instruction, with every primitive and scratch buffer that it will need, for a
// device with these settings.
std::unique_ptr<Kernel> make_kernel(const Program& program, const Instruction& instruction, Settings settings);

}  // namespace bilevel::cpu
