#include "cuda/codegen/kernel_text.h"

#include <array>
#include <cstdio>
#include <utility>

namespace bilevel::cuda {
namespace {

constexpr std::array<std::string_view, 4> kElementTypes = {"float", "int32_t", "int64_t", "uint8_t"};
constexpr int64_t kScratchAlignment = 256;

std::string joined(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) text += part;
  return text;
}

// Fowler, Noll and Vo's hash.
std::string hash_of(std::string_view text) {
  uint64_t hash = 14695981039346656037u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  std::array<char, 24> name{};
  std::snprintf(name.data(), name.size(), "k%016llx", static_cast<unsigned long long>(hash));
  return name.data();
}

Argument in_buffer(const Program& program, int32_t buffer, int64_t offset) {
  return {Argument::Kind::kBuffer, buffer, offset * kDTypeBytes[static_cast<size_t>(dtype_of(program, buffer))]};
}

}  // namespace

DType dtype_of(const Program& program, int32_t buffer) { return program.buffers[static_cast<size_t>(buffer)].dtype; }

std::string_view element_type(DType dtype) { return kElementTypes[static_cast<size_t>(dtype)]; }

std::string_view index_type(int64_t count) { return count <= INT32_MAX ? "uint32_t" : "uint64_t"; }

std::string index_literal(int64_t value) { return std::to_string(value) + (value <= INT32_MAX ? "u" : "ull"); }

void KernelText::parameter(std::string_view type, std::string_view name, Argument argument) {
  parameters_ += joined({"  ", type, "* ", name, ";\n"});
  list_ += joined({", args.", name});
  kernel_.arguments.push_back(argument);
}

void KernelText::operand(const Program& program, std::string_view name, int32_t buffer, int64_t offset) {
  parameter(joined({"const ", element_type(dtype_of(program, buffer))}), name, in_buffer(program, buffer, offset));
}

void KernelText::result(const Program& program, std::string_view name, int32_t buffer, int64_t offset) {
  parameter(element_type(dtype_of(program, buffer)), name, in_buffer(program, buffer, offset));
}

void KernelText::wrong_index() { parameter("WrongIndex", "wrong", {Argument::Kind::kWrongIndex, 0, 0}); }

void KernelText::scratch(std::string_view type, std::string_view name, int64_t bytes) {
  parameter(type, name, {Argument::Kind::kScratch, 0, kernel_.scratch_bytes});
  kernel_.scratch_bytes += ceil_divide(bytes, kScratchAlignment) * kScratchAlignment;
}

void KernelText::counters(std::string_view name, int64_t count) {
  parameter("uint32_t", name, {Argument::Kind::kCounters, 0, 4 * kernel_.counters});
  kernel_.counters += count;
}

void KernelText::member(std::string_view declaration) { sizes_ += joined({"  ", declaration, ";\n"}); }

void KernelText::size(std::string_view name, int64_t value) {
  member(joined({"static constexpr int64_t ", name, " = ", std::to_string(value)}));
}

void KernelText::begin(std::string_view head) {
  line(joined({head, " {"}));
  indent_ += 2;
}

void KernelText::end() {
  indent_ -= 2;
  line("}");
}

void KernelText::call(std::string_view function) { line(joined({function, "<Sizes>(blockIdx.x", list_, ");"})); }

Kernel KernelText::call_threads(std::string_view function, int64_t elements) {
  member(joined({"typedef ", index_type(elements), " Number"}));
  size("kElements", elements);
  call(function);
  return finish(ceil_divide(elements, kThreads), false);
}

Kernel KernelText::call_blocks(std::string_view function, int64_t blocks) {
  call(function);
  return finish(blocks, true);
}

Kernel KernelText::finish(int64_t blocks, bool uses_barriers) {
  const std::string struct_of_sizes = sizes_.empty() ? "" : joined({"struct Sizes {\n", sizes_, "};\n"});
  const std::string content = joined({header_, "\n", struct_of_sizes, parameters_, body_});
  const std::string name = hash_of(content);
  kernel_.text = joined({"#include \"cuda/kernels/", header_, "\"\nnamespace bilevel {\nnamespace of_", name, " {\n",
                         struct_of_sizes, "struct Arguments {\n", parameters_, "};\nBILEVEL_KERNEL(", name,
                         ", Arguments, ", uses_barriers ? "true" : "false", ") {\n", body_, "}\n}\n}\n"});
  kernel_.name = name;
  kernel_.blocks = blocks;
  return std::move(kernel_);
}

}  // namespace bilevel::cuda
