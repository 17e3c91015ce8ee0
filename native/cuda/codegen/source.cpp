#include "cuda/codegen/source.h"

#include <map>

#include "program/error.h"

namespace bilevel::cuda {

std::string source_of(std::span<const Kernel* const> kernels) {
  std::string source;
  std::map<std::string_view, std::string_view> texts;
  for (const Kernel* kernel : kernels) {
    const auto [found, is_new] = texts.emplace(kernel->name, kernel->text);
    if (is_new) source += kernel->text;
    // The hash is no cryptographic one: a program can be written so that a kernel would run in place of a smaller one.
    if (found->second != kernel->text) {
      throw Error("INVALID_PROGRAM", "two of the program's kernels have the name " + kernel->name + ".");
    }
  }
  return source;
}

}  // namespace bilevel::cuda
