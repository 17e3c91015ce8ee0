#include "program/decode_instruction.h"
#include "program/limits.h"

namespace bilevel {

AllReduce decode_all_reduce(InstructionReader& reader) {
  AllReduce sum{};
  sum.count = reader.words.limited("count", 0, kMaxElements);
  sum.x = reader.whole("bufferX", Use::kRead, kFloat32Only, sum.count);
  sum.y = reader.whole("bufferY", Use::kWrite, kFloat32Only, sum.count);
  return sum;
}

}  // namespace bilevel
