// Finding and opening a shared library of NVIDIA's.
#pragma once

#include <string>
#include <vector>

namespace bilevel::cuda {

// A library stays open until the process ends: those of NVIDIA's leave threads and exit handlers behind.
class SharedLibrary {
 public:
  explicit SharedLibrary(void* handle) : handle_(handle) {}
  // Null when there is none of this name.
  void* find(const char* name) const;

 private:
  void* handle_;
};

// A file that is looked for in every folder.
struct Candidate {
  std::string file;
  // A pattern of files beside it that are opened first: libraries that it opens by their bare names later, which the
  // system's loader does not find in folders that it does not know. Empty for none.
  std::string companions;
};

// Where the system's loader looks, among folders.
inline constexpr const char* kSystemFolder = "";

// Where the driver may lie, and the toolkit's libraries, which pip and conda put beside Python. First come the folders
// that the environment variable BILEVEL_CUDA_PATH names, with colons between them. Patterns of the shell stand for all
// folders that match.
std::vector<std::string> driver_folders();
std::vector<std::string> toolkit_folders();

// The first library that can be opened: of the first folder that has one, the first of the candidates. Throws
// DEVICE_UNAVAILABLE: what is `missing`, where it was looked for, what could not be opened and why, and the `advice`.
SharedLibrary open_first(const std::vector<std::string>& folders, const std::vector<Candidate>& candidates,
                         const std::string& missing, const std::string& advice);

// A function of a library. Throws DEVICE_UNAVAILABLE when it has none of this name, with the `advice`.
void* find_function(const SharedLibrary& library, const char* name, const std::string& advice);

// The file that a function lies in.
std::string file_of(const void* function);

// Throws DEVICE_UNAVAILABLE: that CUDA cannot be used, and why.
[[noreturn]] void throw_unavailable(const std::string& reason);

}  // namespace bilevel::cuda
