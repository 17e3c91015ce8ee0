// Writes a kernel: its parameters and the lines of its body.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "cuda/codegen/kernel.h"
#include "program/program.h"

namespace bilevel::cuda {

DType dtype_of(const Program& program, int32_t buffer);
// In device code.
std::string_view element_type(DType dtype);
// Of numbers below `count`.
std::string_view index_type(int64_t count);
// A literal of that type.
std::string index_literal(int64_t value);

inline int64_t ceil_divide(int64_t a, int64_t b) { return (a + b - 1) / b; }

class KernelText {
 public:
  // `header`: the file of native/cuda/kernels/ with what the body uses.
  explicit KernelText(std::string_view header) : header_(header) {}

  // A parameter `args.name` of type `type*`.
  void parameter(std::string_view type, std::string_view name, Argument argument);
  void operand(const Program& program, std::string_view name, int32_t buffer, int64_t offset = 0);
  void result(const Program& program, std::string_view name, int32_t buffer, int64_t offset = 0);
  // The parameter `args.wrong` for the record of wrong indices.
  void wrong_index();
  // Parameters of space that all blocks share: of any content, and zeros.
  void scratch(std::string_view type, std::string_view name, int64_t bytes);
  void counters(std::string_view name, int64_t count);

  // A member of the kernel's struct of sizes.
  void size(std::string_view name, int64_t value);
  void member(std::string_view declaration);

  void line(std::string_view text) { body_.append(indent_, ' ').append(text).append("\n"); }
  // The lines until the next end() are the body of `head`.
  void begin(std::string_view head);
  void end();

  // A body that is one call of a device function with the sizes and all parameters, by a thread for each of so many
  // elements, or by so many blocks whose threads wait for each other.
  Kernel call_threads(std::string_view function, int64_t elements);
  Kernel call_blocks(std::string_view function, int64_t blocks);
  Kernel finish(int64_t blocks, bool uses_barriers);

 private:
  void call(std::string_view function);

  std::string header_, sizes_, parameters_, list_, body_;
  size_t indent_ = 2;
  Kernel kernel_;
};

}  // namespace bilevel::cuda
