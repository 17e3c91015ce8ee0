#include "test/support/encoder.h"

#include <cstring>
#include <utility>

#include "program/limits.h"

namespace bilevel::test {
namespace {

int64_t align(int64_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

}  // namespace

int32_t Encoder::binding(DType dtype, int64_t count, Access access, bool per_step) {
  bindings_.push_back({static_cast<double>(dtype), static_cast<double>(count), static_cast<double>(access),
                       static_cast<double>(per_step)});
  return static_cast<int32_t>(bindings_.size() - 1);
}

int32_t Encoder::bound(int32_t binding) {
  const std::vector<double>& words = bindings_[static_cast<size_t>(binding)];
  return buffer(BufferKind::kBinding, binding, static_cast<DType>(words[0]), static_cast<int64_t>(words[1]));
}

int32_t Encoder::arena(DType dtype, int64_t count) {
  const int64_t where = arena_bytes_;
  arena_bytes_ += align(count * kDTypeBytes[static_cast<size_t>(dtype)]);
  return buffer(BufferKind::kArena, where, dtype, count);
}

int32_t Encoder::constant(const std::vector<float>& values) {
  const size_t where = constants_.size(), bytes = values.size() * sizeof(float);
  constants_.resize(where + static_cast<size_t>(align(static_cast<int64_t>(bytes))));
  std::memcpy(constants_.data() + where, values.data(), bytes);
  return buffer(BufferKind::kConstant, static_cast<int64_t>(where), DType::kFloat32,
                static_cast<int64_t>(values.size()));
}

std::vector<double> Encoder::words() const {
  std::vector<double> words = {static_cast<double>(kFormatMagic),
                               static_cast<double>(kFormatVersion),
                               static_cast<double>(arena_bytes_),
                               static_cast<double>(bindings_.size()),
                               static_cast<double>(buffers_.size()),
                               static_cast<double>(prologue_.size()),
                               static_cast<double>(prologue_.size() + body_.size())};
  for (const auto* parts : {&bindings_, &buffers_, &prologue_, &body_}) {
    for (const std::vector<double>& part : *parts) words.insert(words.end(), part.begin(), part.end());
  }
  return words;
}

void Encoder::append(Instructions& to, Opcode opcode, std::vector<double> words) {
  const auto count = static_cast<double>(words.size());
  words.insert(words.begin(), {static_cast<double>(opcode), count});
  to.push_back(std::move(words));
}

int32_t Encoder::buffer(BufferKind kind, int64_t where, DType dtype, int64_t count) {
  buffers_.push_back(
      {static_cast<double>(kind), static_cast<double>(where), static_cast<double>(dtype), static_cast<double>(count)});
  return static_cast<int32_t>(buffers_.size() - 1);
}

Program decoded(const Encoder& program) {
  return decode(program.words(), static_cast<int64_t>(program.constants().size()));
}

std::vector<double> elementwise(int64_t size, TapeOp op, std::initializer_list<int32_t> operands, int32_t output) {
  std::vector<double> words = {1, 1, 0, static_cast<double>(size), static_cast<double>(operands.size())};
  for (const int32_t operand : operands) words.insert(words.end(), {static_cast<double>(operand), 0, 1});
  const auto count = static_cast<double>(operands.size());
  const double b = count > 1 ? 1 : 0, c = count > 2 ? 2 : 0;
  words.insert(words.end(), {1, static_cast<double>(op), count, 0, b, c, 0});
  words.insert(words.end(), {1, 0, count, static_cast<double>(output), 0, 1});
  return words;
}

}  // namespace bilevel::test
