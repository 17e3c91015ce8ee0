// Which bytes an instruction touches through one operand. Two rules rest on it: a written operand shares memory with
// no other one (indices that were checked must not change under the instruction), except element for element in place;
// and no element is written twice, which threads would do in any order.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace bilevel {

struct Buffer;
struct View;

struct Footprint {
  struct Dimension {
    int64_t size, stride;  // more than 1; in bytes, not 0
    bool operator==(const Dimension&) const = default;
  };

  int32_t space;       // memory that cannot overlap other memory: the arena, the constants, or one binding
  int64_t start;       // byte of the element at index 0
  int64_t width;       // bytes of one element, or of a contiguous block
  int64_t begin, end;  // every byte touched lies in begin .. end - 1; equal when nothing is touched
  std::vector<Dimension> dimensions;
};

// An empty one at the first element of a buffer.
Footprint footprint_of(const Buffer& buffer);

// Of a view of `buffer` over these sizes, none of them 0, that stays within it.
Footprint footprint_of(const Buffer& buffer, const View& view, std::span<const int64_t> sizes);

// True when the bytes at two different indices are certainly different ones.
bool is_injective(const Footprint& footprint);

// True when the two certainly share no byte.
bool are_disjoint(const Footprint& a, const Footprint& b);

// True when both touch the same bytes at every index.
bool are_identical(const Footprint& a, const Footprint& b);

}  // namespace bilevel
