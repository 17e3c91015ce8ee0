#include <algorithm>
#include <string>

#include "program/decode_instruction.h"
#include "program/error.h"
#include "program/limits.h"

namespace bilevel {
namespace {

Binding decode_binding(WordReader& words) {
  Binding binding{};
  binding.dtype = words.code<DType>("dtype", kDTypeNames);
  binding.element_count = words.limited("elementCount", 0, kMaxElements);
  binding.access = words.code<Access>("access", kAccessNames);
  binding.per_step = words.flag("perStep");
  return binding;
}

Buffer decode_buffer(WordReader& words, const Program& program) {
  Buffer buffer{};
  buffer.kind = words.code<BufferKind>("kind", kBufferKindNames);
  buffer.where = words.limited("where", 0, kMaxBytes);
  buffer.dtype = words.code<DType>("dtype", kDTypeNames);
  buffer.element_count = words.limited("elementCount", 0, kMaxElements);
  if (buffer.kind == BufferKind::kBinding) {
    if (buffer.where >= static_cast<int64_t>(program.bindings.size())) {
      words.refuse("where", "there is no binding " + std::to_string(buffer.where));
    }
    const Binding& binding = program.bindings[static_cast<size_t>(buffer.where)];
    if (binding.dtype != buffer.dtype || binding.element_count != buffer.element_count) {
      words.refuse("where", "the dtype and elementCount differ from those of binding " + std::to_string(buffer.where));
    }
    return buffer;
  }
  const bool arena = buffer.kind == BufferKind::kArena;
  const int64_t available = arena ? program.arena_bytes : program.constant_bytes;
  const int64_t bytes = buffer.element_count * kDTypeBytes[static_cast<size_t>(buffer.dtype)];
  if (buffer.where % kAlignment != 0) words.refuse("where", "it must be a multiple of " + std::to_string(kAlignment));
  if (buffer.where > available || bytes > available - buffer.where) {
    words.refuse("where", std::to_string(bytes) + " bytes from " + std::to_string(buffer.where) + " do not fit the " +
                              std::to_string(available) + " bytes of the " + (arena ? "arena" : "constants"));
  }
  return buffer;
}

Operation decode_operation(InstructionReader& reader, Opcode opcode) {
  switch (opcode) {
    case Opcode::kFused:
      return decode_fused(reader);
    case Opcode::kMatmul:
      return decode_matmul(reader);
    case Opcode::kConv:
      return decode_conv(reader, ConvDirection::kForward);
    case Opcode::kConvInputGradient:
      return decode_conv(reader, ConvDirection::kInputGradient);
    case Opcode::kConvFilterGradient:
      return decode_conv(reader, ConvDirection::kFilterGradient);
    case Opcode::kMaxPool:
      return decode_pool(reader, PoolKind::kMax);
    case Opcode::kAveragePool:
      return decode_pool(reader, PoolKind::kAverage);
    case Opcode::kAveragePoolGradient:
      return decode_pool(reader, PoolKind::kAverageGradient);
    case Opcode::kGather:
      return decode_gather(reader);
    case Opcode::kScatterAdd:
      return decode_scatter_add(reader);
    case Opcode::kGatherElements:
      return decode_gather_elements(reader);
    case Opcode::kScatterAddElements:
      return decode_scatter_add_elements(reader);
    case Opcode::kSetRows:
      return decode_set_rows(reader);
    case Opcode::kArgMax:
      return decode_arg_max(reader);
    case Opcode::kRandomUniform:
      return decode_random_uniform(reader);
    case Opcode::kWarpAffine:
      return decode_warp_affine(reader, false);
    case Opcode::kWarpAffineGradient:
      return decode_warp_affine(reader, true);
    case Opcode::kSparseMatmul:
      return decode_sparse_matmul(reader);
    case Opcode::kSampledMatmul:
      return decode_sampled_matmul(reader);
    case Opcode::kAllReduce:
      return decode_all_reduce(reader);
  }
  throw Error("INVALID_PROGRAM", "unreachable opcode");
}

}  // namespace

Program decode(std::span<const double> word_span, int64_t constant_bytes) {
  WordReader words(word_span);
  if (words.remaining() > kMaxWords) {
    words.refuse_limit("words",
                       std::to_string(words.remaining()) + " is above the limit of " + std::to_string(kMaxWords));
  }
  if (words.integer("magic", 0, kMaxBytes) != kFormatMagic) words.refuse("magic", "this is not an encoded program");
  const int64_t version = words.integer("version", 0, kMaxBytes);
  if (version != kFormatVersion) {
    words.refuse("version", "the engine reads version " + std::to_string(kFormatVersion) + " but found " +
                                std::to_string(version));
  }
  Program program;
  program.constant_bytes = constant_bytes;
  program.arena_bytes = words.limited("arenaBytes", 0, kMaxBytes);
  const int64_t binding_count = words.limited("bindingCount", 0, kMaxBindings);
  const int64_t buffer_count = words.limited("bufferCount", 0, kMaxBuffers);
  const int64_t prologue_count = words.limited("prologueCount", 0, kMaxInstructions);
  const int64_t instruction_count = words.limited("instructionCount", 0, kMaxInstructions);
  if (prologue_count > instruction_count) words.refuse("prologueCount", "it is more than instructionCount");

  for (int64_t i = 0; i < binding_count; ++i) {
    words.begin_section("binding", i);
    program.bindings.push_back(decode_binding(words));
  }
  for (int64_t i = 0; i < buffer_count; ++i) {
    words.begin_section("buffer", i);
    program.buffers.push_back(decode_buffer(words, program));
  }
  for (int64_t i = 0; i < instruction_count; ++i) {
    words.begin_section("instruction", i);
    const auto opcode = words.code<Opcode>("opcode", kOpcodeNames);
    words.begin_section("instruction", i, kOpcodeNames[static_cast<size_t>(opcode)]);
    const int64_t word_count = words.integer("wordCount", 0, words.remaining() - 1);
    const int64_t end = words.position() + word_count;
    InstructionReader reader(words, program, i < prologue_count);
    Operation operation = decode_operation(reader, opcode);
    if (words.position() != end) {
      words.refuse("wordCount", "it is " + std::to_string(word_count) + " but the fields take " +
                                    std::to_string(word_count + words.position() - end));
    }
    Instruction instruction{std::move(operation), reader.take_touched()};
    if (i < prologue_count) {
      program.prologue.push_back(std::move(instruction));
      continue;
    }
    const auto note_first = [&](bool is_one, std::optional<size_t>& first) {
      if (is_one && !first) first = program.body.size();
    };
    note_first(reader.writes_binding(), program.first_binding_write);
    note_first(reader.updates_binding(), program.first_binding_update);
    program.body.push_back(std::move(instruction));
  }
  if (words.remaining() != 0) {
    words.begin_section("end");
    words.refuse("words", std::to_string(words.remaining()) + " words follow the last instruction");
  }
  return program;
}

}  // namespace bilevel
