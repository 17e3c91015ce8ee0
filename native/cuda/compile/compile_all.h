// Sources compiled beside each other, or found on disk.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cuda/cache/code_cache.h"
#include "cuda/libraries/compiler.h"

namespace bilevel::cuda {

// The machine code of each. Without a cache nothing is kept. Throws what compile() throws for one of them.
std::vector<std::string> compile_all(const Compiler& compiler, const std::vector<std::string>& sources,
                                     const std::string& architecture, const std::optional<CodeCache>& cache);

}  // namespace bilevel::cuda
