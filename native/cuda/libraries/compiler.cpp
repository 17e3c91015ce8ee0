#include "cuda/libraries/compiler.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <vector>

#include "cuda/libraries/search.h"

namespace bilevel::cuda {
namespace {

constexpr int kOldestMajor = 12, kNewestMajor = 13;

Compiler open_compiler(const Driver& driver) {
  const int newest = std::clamp(driver.version / 1000, kOldestMajor, kNewestMajor);
  const std::string advice = "Install the CUDA toolkit or `pip install nvidia-cuda-nvrtc" +
                             std::string(newest == kNewestMajor ? "" : "-cu12") +
                             "`, and set BILEVEL_CUDA_PATH to the folder of the file where it is not found.";
  std::vector<Candidate> candidates;
  for (int major = newest; major >= kOldestMajor; --major) {
    const std::string number = std::to_string(major);
    candidates.push_back({"libnvrtc.so." + number, "libnvrtc-builtins.so." + number + ".*"});
  }
  const SharedLibrary library = open_first(toolkit_folders(), candidates, "the compiler NVRTC was not found", advice);
  Compiler compiler;
#define BILEVEL_FIND(name, parameters) \
  compiler.name = reinterpret_cast<decltype(compiler.name)>(find_function(library, #name, advice));
  BILEVEL_COMPILER_FUNCTIONS(BILEVEL_FIND)
#undef BILEVEL_FIND
  compiler.path = file_of(reinterpret_cast<const void*>(compiler.nvrtcVersion));
  if (const Result result = compiler.nvrtcVersion(&compiler.major, &compiler.minor); result != kSuccess) {
    throw_unavailable("nvrtcVersion of " + compiler.path + " failed with " + std::to_string(result) + ". " + advice);
  }
  return compiler;
}

}  // namespace

const Compiler& compiler(const Driver& driver) {
  static std::mutex mutex;
  static std::optional<Compiler> opened;
  const std::lock_guard lock(mutex);
  if (!opened) opened = open_compiler(driver);
  return *opened;
}

}  // namespace bilevel::cuda
