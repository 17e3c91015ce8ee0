// The kernels of a program, and what they need beside its buffers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "cuda/codegen/kernel.h"
#include "cuda/codegen/target.h"
#include "program/program.h"

namespace bilevel::cuda {

struct PlannedKernel {
  static constexpr size_t kNone = SIZE_MAX;

  Kernel kernel;
  size_t instruction;  // that it carries out, by its number in the prologue and then in the body; kNone for rows
};

// A sum over the ranks, which the host makes.
struct PlannedSum {
  size_t kernel;  // of its part, before which it is made
  size_t instruction;
  AllReduce sum;
};

struct Plan {
  std::vector<PlannedKernel> prologue, body;
  std::vector<PlannedSum> prologue_sums, body_sums;
  int64_t scratch_bytes = 0, counters = 0;
  // Instructions that record wrong indices, the dimension that these lead into, and, of those with sparse matrices, how
  // many there are: what is recorded behind them are extents of rows.
  struct Record {
    size_t instruction;
    int64_t size, entries;
  };
  std::vector<Record> records;
};

// `together`: whether sums over the ranks are made; else a process has that of its one term.
Plan make_plan(const Program& program, const Target& target, bool together);

}  // namespace bilevel::cuda
