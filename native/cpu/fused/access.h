// How an operand or an output of a fused instruction lies in its buffer along the row-major order of the iteration
// space.
#pragma once

#include <span>

#include "cpu/kernel/kernel.h"
#include "cpu/vector/vector_loops.h"
#include "program/program.h"
#include "program/tape.h"

namespace bilevel::cpu {

// Tiles have two dimensions more than the instruction.
inline constexpr int kMostDimensions = kMaxRank + 2;

class Access {
 public:
  // `sizes` and `strides` are the dimensions that are walked through; the view's own strides are not looked at.
  Access(const View& view, DType dtype, std::span<const int64_t> sizes, std::span<const int64_t> strides);

  bool is_float() const { return class_of(dtype_) == RegisterClass::kFloat; }
  // Elements have the same representation in a register and in the buffer.
  bool is_native() const { return dtype_ == DType::kFloat32 || dtype_ == DType::kInt64; }
  // The same element everywhere.
  bool is_scalar() const { return rank_ == 0; }
  // Elements between whose multiples the buffer holds them as a register does; 0 when it nowhere does.
  int64_t run() const {
    if (!is_native()) return 0;
    return rank_ == 0 ? static_cast<int64_t>(count_ == 1) : strides_[rank_ - 1] == 1 ? sizes_[rank_ - 1] : 0;
  }

  std::byte* address(const Memory& memory, int64_t begin) const;
  // Elements begin .. begin + n: their place in the buffer when they lie there as in a register, else a copy in `reg`,
  // which may be null within a run.
  const void* fetch(const VectorLoops& loops, const Memory& memory, int64_t begin, int64_t n, void* reg) const;
  void load(const VectorLoops& loops, const Memory& memory, int64_t begin, int64_t n, void* reg) const;
  void store(const VectorLoops& loops, const Memory& memory, int64_t begin, int64_t n, const void* reg) const;

 private:
  template <typename Body>
  void walk(int64_t begin, int64_t n, Body&& body) const;

  int32_t buffer_;
  DType dtype_;
  int64_t bytes_, offset_;
  int64_t count_ = 1;
  // Dimensions that continue each other are merged, those of size 1 dropped.
  int rank_ = 0;
  int64_t sizes_[kMostDimensions], strides_[kMostDimensions];
};

}  // namespace bilevel::cpu
