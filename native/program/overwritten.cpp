#include "program/overwritten.h"

#include <algorithm>

namespace bilevel {
namespace {

// No byte is written twice, so that counting them is enough.
bool covers(const Footprint& footprint, int64_t bytes) {
  int64_t touched = footprint.width;
  for (const Footprint::Dimension& dimension : footprint.dimensions) touched *= dimension.size;
  return footprint.begin == 0 && footprint.end == bytes && touched == bytes;
}

}  // namespace

bool is_overwritten(const Program& program, size_t binding) {
  const Binding& bound = program.bindings[binding];
  const int64_t bytes = bound.element_count * kDTypeBytes[static_cast<size_t>(bound.dtype)];
  const auto space = static_cast<int32_t>(binding + 2);
  return std::any_of(program.body.begin(), program.body.end(), [&](const Instruction& instruction) {
    return std::any_of(instruction.touched.begin(), instruction.touched.end(), [&](const Touched& touched) {
      return touched.written && touched.footprint.space == space && covers(touched.footprint, bytes);
    });
  });
}

}  // namespace bilevel
