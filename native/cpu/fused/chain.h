// Consecutive fused instructions that are carried out slice by slice: all of them on a few slices, then all of them on
// the next ones. What one instruction leaves of a slice is then in a core's cache when the next one reads it, as in
// batch normalization, where a channel is read for its mean, for its variance, and for the result.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cpu/fused/slices.h"
#include "cpu/kernel/kernel.h"
#include "program/program.h"

namespace bilevel::cpu {

// Refers to the instructions that it was found in.
struct Chain {
  struct Link {
    const Fused* fused;
    size_t axis;                    // which of its kept dimensions are the slices
    std::vector<SlicedView> views;  // of the operands, then of the outputs
    int64_t bytes;                  // read and written
  };
  std::vector<Link> links;  // none, or several
  int64_t slices = 0;
  int64_t together = 0;  // slices that are worked on at a time: a divisor of `slices`

  int64_t bytes() const;
};

// The first instruction, and as many of those behind it as may be carried out slice by slice with it: no slice along
// that axis of the first one depends on another. Empty when it is no fused instruction with elements.
std::vector<Chain::Link> links_along(std::span<const Instruction> instructions, size_t axis);

// The chain that saves most at the front of `instructions`, if one does.
Chain find_chain(std::span<const Instruction> instructions, int threads);

// Computes the same as the instructions one after the other. Each slice is computed by one thread.
KernelPointer make_chain(const Program& program, const Chain& chain, int threads);

}  // namespace bilevel::cpu
