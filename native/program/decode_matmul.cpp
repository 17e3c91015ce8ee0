#include "program/decode_instruction.h"
#include "program/limits.h"

namespace bilevel {

Matmul decode_matmul(InstructionReader& reader) {
  WordReader& words = reader.words;
  Matmul matmul{};
  for (auto [name, size] : {std::pair{"batch", &matmul.batch}, {"m", &matmul.m}, {"n", &matmul.n}, {"k", &matmul.k}}) {
    *size = words.limited(name, 0, kMaxDimension);
  }
  matmul.transpose_a = words.flag("transposeA");
  matmul.transpose_b = words.flag("transposeB");
  const auto a = reader.block("bufferA", "offsetA", Use::kRead, kFloat32Only,
                              words.volume("bufferA", {matmul.batch, matmul.m, matmul.k}));
  const auto b = reader.block("bufferB", "offsetB", Use::kRead, kFloat32Only,
                              words.volume("bufferB", {matmul.batch, matmul.k, matmul.n}));
  const auto c = reader.block("bufferC", "offsetC", Use::kWrite, kFloat32Only,
                              words.volume("bufferC", {matmul.batch, matmul.m, matmul.n}));
  matmul.a = a.buffer;
  matmul.offset_a = a.offset;
  matmul.b = b.buffer;
  matmul.offset_b = b.offset;
  matmul.c = c.buffer;
  matmul.offset_c = c.offset;
  return matmul;
}

}  // namespace bilevel
