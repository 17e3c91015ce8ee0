#include "cuda/libraries/search.h"

#include <dlfcn.h>
#include <glob.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "program/error.h"

namespace bilevel::cuda {
namespace {

namespace fs = std::filesystem;

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// What a pattern of the shell stands for, in the order of the alphabet; itself where nothing matches.
std::vector<std::string> expand(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> paths;
  if (glob(pattern.c_str(), GLOB_NOCHECK, nullptr, &found) == 0)
    paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  globfree(&found);
  return paths;
}

std::vector<std::string> named_folders() {
  std::vector<std::string> folders;
  std::istringstream list(variable("BILEVEL_CUDA_PATH"));
  for (std::string folder; std::getline(list, folder, ':');) {
    if (!folder.empty()) folders.push_back(folder);
  }
  return folders;
}

// Where Python packages lie that a user of this process may have installed.
std::vector<std::string> python_folders() {
  std::vector<std::string> patterns;
  for (const char* name : {"VIRTUAL_ENV", "CONDA_PREFIX"}) {
    if (const std::string root = variable(name); !root.empty())
      patterns.push_back(root + "/lib/python3*/site-packages");
  }
  if (const std::string home = variable("HOME"); !home.empty()) {
    patterns.push_back(home + "/.local/lib/python3*/site-packages");
  }
  for (const char* root : {"/usr/local/lib/python3*/site-packages", "/usr/local/lib/python3*/dist-packages",
                           "/usr/lib/python3/dist-packages"}) {
    patterns.push_back(root);
  }
  return patterns;
}

// The opened library, or null with the reason; an empty reason when there is no such file.
void* open_in(const std::string& folder, const Candidate& candidate, std::string& reason) {
  const bool by_system = folder == kSystemFolder;
  const std::string path = by_system ? candidate.file : folder + "/" + candidate.file;
  if (!by_system) {
    std::error_code ignored;
    if (!fs::exists(path, ignored)) return nullptr;
    if (!candidate.companions.empty()) {
      for (const std::string& companion : expand(folder + "/" + candidate.companions)) {
        dlopen(companion.c_str(), RTLD_NOW | RTLD_LOCAL);
      }
    }
  }
  void* const handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    const char* const text = dlerror();
    reason = text == nullptr ? "no reason given" : text;
    // "libcuda.so.1: cannot open shared object file: No such file or directory"; a file that lacks another library is
    // there.
    const bool absent = reason.starts_with(path + ":") && reason.ends_with("No such file or directory");
    if (by_system && absent) reason.clear();
  }
  return handle;
}

std::string join(const std::vector<std::string>& parts, const std::string& separator) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : separator) + part;
  return text;
}

}  // namespace

void* SharedLibrary::find(const char* name) const { return dlsym(handle_, name); }

std::vector<std::string> driver_folders() {
  std::vector<std::string> folders = named_folders();
  for (const char* folder : {kSystemFolder, "/usr/local/nvidia/lib64", "/usr/lib/wsl/lib", "/run/opengl-driver/lib"}) {
    folders.push_back(folder);
  }
  return folders;
}

std::vector<std::string> toolkit_folders() {
  std::vector<std::string> folders = named_folders();
  folders.push_back(kSystemFolder);
  for (const char* name : {"CUDA_PATH", "CUDA_HOME"}) {
    if (const std::string root = variable(name); !root.empty()) folders.push_back(root + "/lib64");
  }
  folders.push_back("/usr/local/cuda/lib64");
  if (const std::string root = variable("CONDA_PREFIX"); !root.empty()) folders.push_back(root + "/lib");
  for (const std::string& packages : python_folders()) {
    for (const char* part : {"cu13", "cuda_nvrtc"}) folders.push_back(packages + "/nvidia/" + part + "/lib");
  }
  return folders;
}

void throw_unavailable(const std::string& reason) {
  throw Error("DEVICE_UNAVAILABLE", "CUDA cannot be used: " + reason + " Device.cpu() needs none of it.");
}

SharedLibrary open_first(const std::vector<std::string>& folders, const std::vector<Candidate>& candidates,
                         const std::string& missing, const std::string& advice) {
  std::vector<std::string> looked, failures;
  for (const std::string& pattern : folders) {
    const bool by_system = pattern == kSystemFolder;
    looked.push_back(by_system ? "by the system's loader" : "in " + pattern);
    for (const std::string& folder : by_system ? std::vector<std::string>{kSystemFolder} : expand(pattern)) {
      for (const Candidate& candidate : candidates) {
        std::string reason;
        if (void* const handle = open_in(folder, candidate, reason)) return SharedLibrary(handle);
        if (!reason.empty()) failures.push_back(reason);
      }
    }
  }
  std::vector<std::string> names;
  for (const Candidate& candidate : candidates) names.push_back(candidate.file);
  throw_unavailable(missing + ". " + join(names, " or ") + " was looked for " + join(looked, ", ") + "." +
                    (failures.empty() ? "" : " What could not be opened: " + join(failures, "; ") + ".") + " " +
                    advice);
}

void* find_function(const SharedLibrary& library, const char* name, const std::string& advice) {
  void* const found = library.find(name);
  if (found == nullptr) {
    throw_unavailable(std::string("the function ") + name + " is missing in the library that was found. " + advice);
  }
  return found;
}

std::string file_of(const void* function) {
  Dl_info info{};
  return dladdr(function, &info) != 0 && info.dli_fname != nullptr ? info.dli_fname : "";
}

}  // namespace bilevel::cuda
