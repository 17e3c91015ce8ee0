#include "test/fake_cuda/faults.h"

#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>

namespace bilevel::fake_cuda {

cuda::Result called(const char* function) {
  static std::mutex mutex;
  static std::map<std::string, int> calls;
  static std::string last;
  const std::lock_guard lock(mutex);
  const char* const value = std::getenv("FAKE_CUDA_FAIL");
  const std::string wanted = value == nullptr ? "" : value;
  if (wanted != last) calls.clear();
  last = wanted;
  const int call = ++calls[function];
  if (const char* const path = std::getenv("FAKE_CUDA_LOG")) {
    if (std::FILE* const log = std::fopen(path, "a")) {
      std::fprintf(log, "%s\n", function);
      std::fclose(log);
    }
  }
  char name[64] = "";
  int which = 0, result = 0;
  if (std::sscanf(wanted.c_str(), "%63[^:]:%d:%d", name, &which, &result) != 3) return cuda::kSuccess;
  return call == which && std::string(name) == function ? result : cuda::kSuccess;
}

int setting(const char* name, int usual) {
  const char* const value = std::getenv(name);
  return value == nullptr ? usual : std::atoi(value);
}

}  // namespace bilevel::fake_cuda
