// Runs single instructions over guarded host memory.
#pragma once

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "cpu/kernel.h"
#include "cpu/scratch.h"
#include "program/program.h"

namespace bilevel::test {

// A seeded source of test values.
class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}
  int64_t integer(int64_t low, int64_t high) { return std::uniform_int_distribution<int64_t>(low, high)(engine_); }
  bool chance(double probability) { return std::bernoulli_distribution(probability)(engine_); }
  double real(double low = -2.0, double high = 2.0) {
    return std::uniform_real_distribution<double>(low, high)(engine_);
  }
  // Float values as doubles.
  std::vector<double> reals(int64_t count, double low = -2.0, double high = 2.0);
  std::vector<double> integers(int64_t count, int64_t low, int64_t high);
  template <typename T>
  const T& pick(const std::vector<T>& from) {
    return from[static_cast<size_t>(integer(0, static_cast<int64_t>(from.size()) - 1))];
  }

 private:
  std::mt19937 engine_;
};

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

// Buffers with guards around them, so that a kernel that leaves its buffer is caught: by the address sanitizer when it
// is on, and by the bytes of the guards after every run.
class Workbench {
 public:
  Workbench();
  ~Workbench();
  Workbench(const Workbench&) = delete;
  Workbench& operator=(const Workbench&) = delete;

  // A buffer with these values, every element exactly representable in its dtype.
  int32_t add(DType dtype, const std::vector<double>& values);
  // A buffer for a result, filled with rubbish.
  int32_t add_result(DType dtype, int64_t count);
  // Executes the instruction `repeats` times with one kernel on a team of `threads`; fails the test when a guard
  // changed.
  void run(const Instruction& instruction, int threads = 1, int repeats = 1);
  // Calls body(memory); fails the test when a guard changed.
  void run(const std::function<void(const cpu::Memory&)>& body);

  std::vector<double> values(int32_t buffer) const;
  std::vector<std::byte> bytes(int32_t buffer) const;
  const Program& program() const { return program_; }

 private:
  struct Block;
  std::byte* data(int32_t buffer) const;

  Program program_;
  std::vector<Block> blocks_;
};

// |actual - expected| <= tolerance * scale for every element; NaN equals NaN and infinities must agree. Says which
// differ.
void check_close(const std::vector<double>& actual, const std::vector<double>& expected, double tolerance, double scale,
                 const std::string& what);

}  // namespace bilevel::test
