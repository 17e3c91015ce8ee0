#include "test/emulation/code.h"

#include <dlfcn.h>

#include <stdexcept>

namespace bilevel::emulation {
namespace {

template <typename T>
T* symbol(void* handle, const std::string& name) {
  return reinterpret_cast<T*>(dlsym(handle, name.c_str()));
}

}  // namespace

Code::Code(const std::filesystem::path& library) : handle_(dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL)) {
  if (handle_ == nullptr) throw std::runtime_error(dlerror());
  *symbol<Runtime*>(handle_, "bilevel_runtime") = &runtime();
}

std::optional<Function> Code::find(const std::string& kernel) const {
  auto* const run = symbol<void(const void*)>(handle_, kernel);
  if (run == nullptr) return std::nullopt;
  return Function{run, *symbol<const bool>(handle_, kernel + "_has_barriers"),
                  *symbol<const unsigned long>(handle_, kernel + "_argument_bytes")};
}

}  // namespace bilevel::emulation
