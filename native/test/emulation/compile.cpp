#include "test/emulation/compile.h"

#include <dlfcn.h>
#include <stdlib.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace bilevel::emulation {
namespace {

namespace fs = std::filesystem;

void write(const fs::path& path, std::string_view text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

std::string read(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

fs::path make_folder() {
  std::string pattern = (fs::temp_directory_path() / "bilevel-emulation-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder could be made");
  return pattern;
}

// The text asks whether there are fused multiply-adds, as that of the CPU engine's loops does.
std::string processor_flags() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("fma")) return "-mfma ";
#endif
  return "";
}

// No fused multiply-adds but those that are written out, which the device compiler is told too. The files of `folder`
// come before those of the sources.
std::string command_for(const fs::path& folder, const std::string& name) {
  const std::string base = (folder / name).string();
  return std::string(BILEVEL_EMULATION_COMPILER) + " -x c++ -std=c++20 -fPIC -shared -ffp-contract=off " +
         "-fno-math-errno -fvisibility=hidden " + processor_flags() + BILEVEL_EMULATION_FLAGS " -I'" + folder.string() +
         "' -I'" BILEVEL_EMULATION_SOURCES "' -include test/emulation/device.h -o '" + base + ".so' '" + base +
         ".cu' > '" + base + ".log' 2>&1";
}

template <typename T>
T* symbol(void* handle, const std::string& name) {
  return reinterpret_cast<T*>(dlsym(handle, name.c_str()));
}

}  // namespace

Library::Library(Headers headers, std::span<const std::string> sources) : folder_(make_folder()) {
  for (const auto& [name, text] : headers) write(folder_ / name, text);
  for (size_t i = 0; i < sources.size(); ++i) write(folder_ / (std::to_string(i) + ".cu"), sources[i]);

  std::atomic<size_t> next = 0, failed = sources.size();
  const auto work = [&] {
    for (size_t i = next++; i < sources.size(); i = next++) {
      if (std::system(command_for(folder_, std::to_string(i)).c_str()) != 0) failed = i;
    }
  };
  {
    std::vector<std::jthread> others;
    for (unsigned t = 1; t < std::thread::hardware_concurrency(); ++t) others.emplace_back(work);
    work();
  }
  if (failed != sources.size()) {
    const std::string log = read(folder_ / (std::to_string(failed) + ".log"));
    fs::remove_all(folder_);
    throw std::runtime_error("device code does not compile:\n" + log.substr(0, 4000));
  }
  for (size_t i = 0; i < sources.size(); ++i) {
    void* const handle = dlopen((folder_ / (std::to_string(i) + ".so")).c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) throw std::runtime_error(dlerror());
    handles_.push_back(handle);
    *symbol<Runtime*>(handle, "bilevel_runtime") = &runtime();
  }
}

// The code stays: sanitizers name places in it to the end.
Library::~Library() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

Function Library::function(const std::string& name) const {
  for (void* const handle : handles_) {
    if (auto* const run = symbol<void(const void*)>(handle, name)) {
      return {run, *symbol<const bool>(handle, name + "_has_barriers"),
              *symbol<const unsigned long>(handle, name + "_argument_bytes")};
    }
  }
  throw std::runtime_error("there is no kernel " + name);
}

}  // namespace bilevel::emulation
