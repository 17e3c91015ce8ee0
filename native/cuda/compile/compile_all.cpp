#include "cuda/compile/compile_all.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

#include "cuda/codegen/source.h"
#include "cuda/compile/nvrtc.h"

namespace bilevel::cuda {
namespace {

// NVRTC's work shares some state of the process: more threads gain little.
constexpr size_t kMostThreads = 8;

// All that decides the code.
std::string key_of(const Compiler& compiler, const std::string& source, const std::string& architecture) {
  std::string key =
      "NVRTC " + std::to_string(compiler.major) + "." + std::to_string(compiler.minor) + " " + architecture;
  for (const std::string_view option : kCompilerOptions) key.append(" ").append(option);
  for (const auto& [name, text] : device_headers()) key.append("\n").append(name).append("\n").append(text);
  return key + "\n" + source;
}

}  // namespace

std::vector<std::string> compile_all(const Compiler& compiler, const std::vector<std::string>& sources,
                                     const std::string& architecture, const std::optional<CodeCache>& cache) {
  std::vector<std::string> codes(sources.size());
  std::atomic<size_t> next = 0;
  std::mutex mutex;
  std::exception_ptr failure;
  const auto work = [&] {
    for (size_t i = next++; i < sources.size(); i = next++) {
      try {
        const std::string key = key_of(compiler, sources[i], architecture);
        if (cache) {
          if (std::optional<std::string> found = cache->find(key)) {
            codes[i] = std::move(*found);
            continue;
          }
        }
        codes[i] = compile(compiler, sources[i], architecture);
        if (cache) cache->store(key, codes[i]);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!failure) failure = std::current_exception();
        next = sources.size();
      }
    }
  };
  {
    const size_t threads = std::min({kMostThreads, sources.size(), size_t{std::thread::hardware_concurrency()}});
    std::vector<std::jthread> others;
    for (size_t t = 1; t < threads; ++t) others.emplace_back(work);
    work();
  }
  if (failure) std::rethrow_exception(failure);
  return codes;
}

}  // namespace bilevel::cuda
