// Buffers with guards around them, so that a kernel that leaves its buffer is caught: by the address sanitizer when it
// is on, and by the bytes of the guards after every run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "program/program.h"

namespace bilevel::test {

class GuardedBuffers {
 public:
  GuardedBuffers();
  ~GuardedBuffers();
  GuardedBuffers(const GuardedBuffers&) = delete;
  GuardedBuffers& operator=(const GuardedBuffers&) = delete;

  // A buffer with these values, every element exactly representable in its dtype.
  int32_t add(DType dtype, const std::vector<double>& values);
  // A buffer for a result, filled with bytes of which floats are NaN.
  int32_t add_result(DType dtype, int64_t count);
  // Calls body with the address of every buffer; fails the test when a guard changed.
  void run(const std::function<void(std::byte* const*)>& body);

  std::vector<double> values(int32_t buffer) const;
  std::vector<std::byte> bytes(int32_t buffer) const;
  // The bytes of all buffers, to go back to.
  using Contents = std::vector<std::vector<std::byte>>;
  Contents contents() const;
  void set_contents(const Contents& contents);
  const Program& program() const { return program_; }

 private:
  struct Block;
  std::byte* data(int32_t buffer) const;

  Program program_;
  std::vector<Block> blocks_;
};

}  // namespace bilevel::test
