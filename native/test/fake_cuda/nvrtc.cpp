// The fake compiler: the compiler that built the tests makes libraries of device code, in the folder kernels/ beside
// this one. Every kernel is compiled once for all processes, unless its text or the headers change.
#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cuda/libraries/compiler.h"
#include "test/emulation/compiler.h"
#include "test/fake_cuda/cubin.h"
#include "test/fake_cuda/faults.h"

using bilevel::cuda::Compilation;
using bilevel::cuda::kSuccess;
using bilevel::cuda::Result;
namespace emulation = bilevel::emulation;
namespace fs = std::filesystem;

namespace {

constexpr Result kInvalidInput = 3, kInvalidProgram = 4, kInvalidOption = 5, kCompilationFailed = 6;

struct Program {
  std::string source, name;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string log, code;
};

// A part of a source that stands alone.
struct Piece {
  std::string text, hash;
  int first_line = 1;
};

std::string hash_of(std::string_view text) {
  std::array<char, 40> name{};
  uint64_t first = 14695981039346656037u, second = 1469598103934665603u;
  for (const char c : text) {
    first = (first ^ static_cast<unsigned char>(c)) * 1099511628211u;
    second = (second + static_cast<unsigned char>(c)) * 6364136223846793005u + 1442695040888963407u;
  }
  std::snprintf(name.data(), name.size(), "%016llx%016llx", static_cast<unsigned long long>(first),
                static_cast<unsigned long long>(second));
  return name.data();
}

// A name that nobody else gives to anything, neither another thread nor another process.
std::string own_name(const fs::path& path) {
  static std::atomic<int> count = 0;
  return path.string() + "." + std::to_string(getpid()) + "." + std::to_string(++count);
}

// What another process reads is whole.
void write_whole(const fs::path& path, std::string_view text) {
  const fs::path unfinished = own_name(path);
  std::ofstream(unfinished, std::ios::binary) << text;
  fs::rename(unfinished, path);
}

fs::path own_folder() {
  Dl_info info{};
  dladdr(reinterpret_cast<const void*>(&write_whole), &info);
  return fs::absolute(info.dli_fname).parent_path() / "kernels";
}

// The headers as files, with all that kernels include compiled before, and below it what was compiled with them.
fs::path folder_of(const Program& program, const std::string& flags) {
  std::string content = flags;
  std::vector<std::pair<std::string_view, std::string_view>> headers;
  for (const auto& [name, text] : program.headers) {
    headers.emplace_back(name, text);
    content += name + '\0' + text + '\0';
  }
  const fs::path folder = own_folder() / hash_of(content);
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  if (fs::exists(folder)) return folder;
  const fs::path unfinished = own_name(folder);
  emulation::write_headers(unfinished, headers);
  const fs::path precompiled = unfinished / "test/emulation/device.h";
  std::string all = "#include \"test/emulation/cuda.h\"\n";
  fs::rename(precompiled, unfinished / "test/emulation/cuda.h");
  for (const auto& [name, text] : headers) {
    if (name.ends_with(".cuh")) all.append("#include \"").append(name).append("\"\n");
  }
  std::ofstream(precompiled) << all;
  // Headers that do not compile fail again, with an error to tell, where a kernel includes them.
  if (emulation::compile(unfinished, precompiled, precompiled.string() + ".gch", "-c -x c++-header" + flags)) {
    fs::rename(unfinished / "test/emulation/cuda.h", precompiled);
  }
  std::error_code another_was_first;
  fs::rename(unfinished, folder, another_was_first);
  if (another_was_first) fs::remove_all(unfinished);
  return folder;
}

// Kernels begin with what they include, behind what others end with.
std::vector<Piece> pieces_of(const std::string& source) {
  std::vector<Piece> pieces(1);
  bool in_includes = true;
  int number = 0;
  std::istringstream lines(source);
  for (std::string line; std::getline(lines, line);) {
    ++number;
    const bool includes = line.starts_with("#include");
    if (includes && !in_includes) pieces.push_back({"", "", number});
    in_includes = includes;
    pieces.back().text.append(line).append("\n");
  }
  for (Piece& piece : pieces) piece.hash = hash_of(piece.text);
  return pieces;
}

// The library that a piece was compiled into.
std::optional<std::string> library_of(const fs::path& folder, const Piece& piece) {
  std::ifstream file(folder / (piece.hash + ".library"));
  std::string path;
  if (!std::getline(file, path)) return std::nullopt;
  return path;
}

// The compiler's words in NVRTC's form: "name(3): error: ..." for "name:3:7: error: ...".
std::string log_of(const std::string& words, const std::string& name) {
  std::ostringstream log;
  int errors = 0;
  std::istringstream lines(words);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream parts(line);
    std::string file, number, column, kind, text;
    std::getline(parts, file, ':');
    std::getline(parts, number, ':');
    std::getline(parts, column, ':');
    if (number.find_first_not_of("0123456789") != std::string::npos) continue;
    std::getline(parts >> std::ws, kind, ':');
    std::getline(parts >> std::ws, text);
    if (!kind.ends_with("error") || text.empty()) continue;
    ++errors;
    log << file << "(" << number << "): error: " << text << "\n\n";
  }
  log << errors << (errors == 1 ? " error" : " errors") << " detected in the compilation of \"" << name << "\".\n";
  return log.str();
}

// The names of the kernels in a text.
std::vector<std::string> kernels_in(std::string_view text) {
  constexpr std::string_view kMark = "BILEVEL_KERNEL(";
  std::vector<std::string> names;
  for (size_t at = text.find(kMark); at != std::string_view::npos; at = text.find(kMark, at)) {
    at += kMark.size();
    names.emplace_back(text.substr(at, text.find(',', at) - at));
  }
  return names;
}

// Compiles what is not yet there. Returns the compiler's words where it fails.
std::optional<std::string> compile_missing(const fs::path& folder, const std::vector<Piece>& pieces,
                                           const std::string& name, const std::string& flags) {
  std::string text, hashes;
  std::vector<const Piece*> missing;
  for (const Piece& piece : pieces) {
    if (library_of(folder, piece)) continue;
    missing.push_back(&piece);
    hashes += piece.hash;
    text += "#line " + std::to_string(piece.first_line) + " \"" + name + "\"\n" + piece.text;
  }
  if (missing.empty()) return std::nullopt;
  const std::string base = own_name(folder / hash_of(hashes));
  std::ofstream(base + ".cu", std::ios::binary) << text;
  auto words = emulation::compile(folder, base + ".cu", base + ".so", "-shared" + flags);
  fs::remove(base + ".cu");
  if (words) return words;
  for (const Piece* piece : missing) write_whole(folder / (piece->hash + ".library"), base + ".so");
  return std::nullopt;
}

// By the options of the engine; another is refused, as one that NVRTC does not know.
Result read_options(Program& program, int count, const char* const* options, int* architecture, std::string* flags) {
  bool contracts = true;
  for (int i = 0; i < count; ++i) {
    const std::string option = options[i];
    constexpr std::string_view kArchitecture = "--gpu-architecture=sm_";
    if (option.starts_with(kArchitecture)) {
      *architecture = std::atoi(option.c_str() + kArchitecture.size());
    } else if (option == "--fmad=false") {
      contracts = false;
    } else if (option != "--std=c++17" && option != "-default-device" &&
               option != "--device-as-default-execution-space") {
      program.log = "nvrtc: error: unrecognized option " + option + " found in option list\n";
      return kInvalidOption;
    }
  }
  *flags = std::string(" -O1 -ffp-contract=") + (contracts ? "fast" : "off");
  if (*architecture != 0) return kSuccess;
  program.log = "nvrtc: error: no architecture of a device is given, so there is no code for one\n";
  return kInvalidOption;
}

Program* of(Compilation handle) { return reinterpret_cast<Program*>(handle); }

}  // namespace

FAKE_CUDA_EXPORT nvrtcVersion(int* major, int* minor) {
  FAKE_CUDA_ENTER;
  *major = 13;
  *minor = 99;  // which no real one has: what it compiles is nothing to those
  return kSuccess;
}

FAKE_CUDA_EXPORT nvrtcCreateProgram(Compilation* made, const char* source, const char* name, int header_count,
                                    const char* const* headers, const char* const* header_names) {
  FAKE_CUDA_ENTER;
  if (made == nullptr || source == nullptr || header_count < 0) return kInvalidInput;
  auto* const program = new Program{source, name == nullptr ? "default_program" : name, {}, {}, {}};
  for (int i = 0; i < header_count; ++i) program->headers.emplace_back(header_names[i], headers[i]);
  *made = reinterpret_cast<Compilation>(program);
  return kSuccess;
}

FAKE_CUDA_EXPORT nvrtcCompileProgram(Compilation handle, int option_count, const char* const* options) {
  FAKE_CUDA_ENTER;
  if (handle == nullptr) return kInvalidProgram;
  Program& program = *of(handle);
  int architecture = 0;
  std::string flags;
  if (const Result result = read_options(program, option_count, options, &architecture, &flags); result != kSuccess) {
    return result;
  }
  const fs::path folder = folder_of(program, flags);
  const std::vector<Piece> pieces = pieces_of(program.source);
  if (const auto words = compile_missing(folder, pieces, program.name, flags)) {
    program.log = log_of(*words, program.name);
    return kCompilationFailed;
  }
  program.code = std::string(bilevel::fake_cuda::kCubinMark) + " " + std::to_string(architecture) + "\n";
  for (const Piece& piece : pieces) {
    const std::string library = library_of(folder, piece).value_or("");
    for (const std::string& kernel : kernels_in(piece.text)) program.code += kernel + " " + library + "\n";
  }
  return kSuccess;
}

FAKE_CUDA_EXPORT nvrtcGetProgramLogSize(Compilation handle, size_t* bytes) {
  FAKE_CUDA_ENTER;
  if (handle == nullptr) return kInvalidProgram;
  *bytes = of(handle)->log.size() + 1;
  return kSuccess;
}

FAKE_CUDA_EXPORT nvrtcGetProgramLog(Compilation handle, char* log) {
  FAKE_CUDA_ENTER;
  if (handle == nullptr) return kInvalidProgram;
  const std::string& text = of(handle)->log;
  std::copy_n(text.c_str(), text.size() + 1, log);
  return kSuccess;
}

FAKE_CUDA_EXPORT nvrtcGetCUBINSize(Compilation handle, size_t* bytes) {
  FAKE_CUDA_ENTER;
  if (handle == nullptr || of(handle)->code.empty()) return kInvalidProgram;
  *bytes = of(handle)->code.size() + 1;
  return kSuccess;
}

FAKE_CUDA_EXPORT nvrtcGetCUBIN(Compilation handle, char* code) {
  FAKE_CUDA_ENTER;
  if (handle == nullptr || of(handle)->code.empty()) return kInvalidProgram;
  const std::string& text = of(handle)->code;
  std::copy_n(text.c_str(), text.size() + 1, code);
  return kSuccess;
}

// Also where it is told to fail: nobody can do anything about it.
FAKE_CUDA_EXPORT nvrtcDestroyProgram(Compilation* handle) {
  if (handle == nullptr || *handle == nullptr) return kInvalidProgram;
  delete of(std::exchange(*handle, nullptr));
  FAKE_CUDA_ENTER;
  return kSuccess;
}
