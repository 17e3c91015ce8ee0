#include "cuda/codegen/source.h"

#include <set>

namespace bilevel::cuda {

std::string source_of(std::span<const Kernel* const> kernels) {
  std::string source;
  std::set<std::string_view> names;
  for (const Kernel* kernel : kernels) {
    if (names.insert(kernel->name).second) source += kernel->text;
  }
  return source;
}

}  // namespace bilevel::cuda
