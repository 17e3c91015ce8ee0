#include "cuda/compile/kernel_table.h"

#include <string_view>
#include <utility>

#include "cuda/codegen/source.h"
#include "cuda/compile/compile_all.h"

namespace bilevel::cuda {
namespace {

// Kernels of one source: so few that several threads have work, and so many that what all sources begin with costs
// little.
constexpr size_t kInOneSource = 12;

}  // namespace

KernelTable::KernelTable(std::shared_ptr<const DeviceContext> context, const Compiler& compiler)
    : context_(std::move(context)), compiler_(compiler) {
  if (const auto folder = user_cache_folder()) cache_.emplace(*folder);
}

std::vector<LoadedKernel> KernelTable::load(std::span<const Kernel* const> kernels) {
  std::vector<LoadedKernel> loaded;
  std::map<std::string_view, const Kernel*> missing;
  for (const Kernel* kernel : kernels) {
    const auto found = entries_.find(kernel->text);
    loaded.push_back(found == entries_.end() ? LoadedKernel()
                                             : LoadedKernel{found->second.module.lock(), found->second.function});
    if (!loaded.back().module) missing.emplace(kernel->text, kernel);
  }
  if (missing.empty()) return loaded;

  std::erase_if(entries_, [](const auto& entry) { return entry.second.module.expired(); });
  std::vector<std::vector<const Kernel*>> groups;
  for (const auto& [text, kernel] : missing) {
    if (groups.empty() || groups.back().size() == kInOneSource) groups.emplace_back();
    groups.back().push_back(kernel);
  }
  std::vector<std::string> sources;
  for (const auto& group : groups) sources.push_back(source_of(group));
  const std::vector<std::string> codes = compile_all(compiler_, sources, context_->architecture(), cache_);

  std::map<std::string_view, LoadedKernel> made;
  for (size_t i = 0; i < groups.size(); ++i) {
    const std::shared_ptr<const OwnedModule> module = load_module(codes[i]);
    for (const Kernel* kernel : groups[i]) {
      Function function = nullptr;
      context_->check((*context_)->cuModuleGetFunction(&function, module->get(), kernel->name.c_str()),
                      "cuModuleGetFunction");
      made[kernel->text] = {module, function};
      entries_[kernel->text] = {module, function};
    }
  }
  for (size_t i = 0; i < kernels.size(); ++i) {
    if (!loaded[i].module) loaded[i] = made.at(kernels[i]->text);
  }
  return loaded;
}

std::shared_ptr<const OwnedModule> KernelTable::load_module(const std::string& code) const {
  Module module = nullptr;
  context_->check((*context_)->cuModuleLoadData(&module, code.data()), "cuModuleLoadData");
  return std::make_shared<const OwnedModule>(context_, module);
}

}  // namespace bilevel::cuda
