// Reads the operands of one instruction, with the checks that all instructions share: the buffer exists, has the dtype,
// is long enough, may be read or written, and what is written overlaps nothing else.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "program/footprint.h"
#include "program/program.h"
#include "program/word_reader.h"

namespace bilevel {

enum class Use : uint8_t { kRead, kWrite };

using DTypes = std::span<const DType>;
inline constexpr std::array kFloat32Only = {DType::kFloat32};
inline constexpr std::array kInt32Only = {DType::kInt32};
inline constexpr std::array kInt64Only = {DType::kInt64};
inline constexpr std::array kIndexTypes = {DType::kInt32, DType::kInt64};
inline constexpr std::array kAnyType = {DType::kFloat32, DType::kInt32, DType::kInt64, DType::kBool};

class InstructionReader {
 public:
  InstructionReader(WordReader& reader, const Program& program, bool in_prologue)
      : words(reader), program_(program), in_prologue_(in_prologue) {}

  WordReader& words;

  // A buffer used from its first to its last element, `count` in all.
  int32_t whole(Field field, Use use, DTypes dtypes, int64_t count);

  // A dense block of `count` elements: buffer and offset.
  struct Block {
    int32_t buffer;
    int64_t offset;
  };
  Block block(Field buffer, Field offset, Use use, DTypes dtypes, int64_t count);

  // A view over `sizes`. The strides of dimensions from `reduced_begin` to `reduced_end` - 1 must be 0.
  View view(Field field, Use use, std::span<const int64_t> sizes, size_t reduced_begin = 0, size_t reduced_end = 0);

  // The last operand read may be the same memory as the written operand after it.
  void allow_in_place() { operands_.back().in_place = true; }

  // What all operands touch. Call when they have been read: refuses what is written over other operands.
  std::vector<Touched> take_touched();

  DType dtype(int32_t buffer) const { return program_.buffers[static_cast<size_t>(buffer)].dtype; }
  bool writes_binding() const { return writes_binding_; }
  // One that is read, too.
  bool updates_binding() const { return updates_binding_; }

 private:
  struct Operand {
    Field field;
    bool in_place;  // may be one memory with an operand that is read, or with the one that is written
    Touched touched;
  };

  int32_t buffer(Field field, Use use, DTypes dtypes);
  void check_access(Field field, Use use, int64_t binding);
  void touch(Field field, Use use, int32_t buffer, int64_t offset, int64_t count);

  const Program& program_;
  bool in_prologue_;
  bool writes_binding_ = false;
  bool updates_binding_ = false;
  std::vector<Operand> operands_;
};

}  // namespace bilevel
