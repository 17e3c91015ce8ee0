// The kernels that a device has code of, which equal ones of all programs share.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cuda/cache/code_cache.h"
#include "cuda/codegen/kernel.h"
#include "cuda/context/owned.h"
#include "cuda/libraries/compiler.h"

namespace bilevel::cuda {

// A function with the code that it is in.
struct LoadedKernel {
  std::shared_ptr<const OwnedModule> module;
  Function function = nullptr;
};

// Used on the device's thread alone, in the context's scope.
class KernelTable {
 public:
  KernelTable(std::shared_ptr<const DeviceContext> context, const Compiler& compiler);

  // One for each of `kernels`; those that are not loaded are compiled. Code that nobody holds any more is forgotten.
  // Throws what compile() throws, and as DeviceContext::check does.
  std::vector<LoadedKernel> load(std::span<const Kernel* const> kernels);

 private:
  struct Entry {
    std::weak_ptr<const OwnedModule> module;
    Function function;
  };

  std::shared_ptr<const OwnedModule> load_module(const std::string& code) const;

  std::shared_ptr<const DeviceContext> context_;
  const Compiler& compiler_;
  std::optional<CodeCache> cache_;
  std::map<std::string, Entry> entries_;  // by the text of the kernel: its name alone is a hash
};

}  // namespace bilevel::cuda
