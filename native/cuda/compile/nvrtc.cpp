#include "cuda/compile/nvrtc.h"

#include <memory>
#include <vector>

#include "cuda/codegen/source.h"
#include "program/error.h"

namespace bilevel::cuda {
namespace {

constexpr Result kInvalidOption = 5;  // NVRTC_ERROR_INVALID_OPTION
constexpr size_t kMostOfLog = 4000;

void check(Result result, const char* function) {
  if (result == kSuccess) return;
  throw Error("NATIVE_FAILURE", std::string(function) + " failed with " + std::to_string(result) + ".");
}

std::string log_of(const Compiler& compiler, Compilation program) {
  size_t bytes = 0;
  if (compiler.nvrtcGetProgramLogSize(program, &bytes) != kSuccess) return "";
  std::string log(bytes, '\0');
  if (compiler.nvrtcGetProgramLog(program, log.data()) != kSuccess) return "";
  log.resize(log.find('\0') == std::string::npos ? log.size() : log.find('\0'));
  return log.substr(0, kMostOfLog);
}

}  // namespace

std::string compile(const Compiler& compiler, const std::string& source, const std::string& architecture) {
  std::vector<const char*> names, texts;
  std::vector<std::string> copies;  // that end with a zero
  copies.reserve(2 * device_headers().size());
  for (const auto& [name, text] : device_headers()) {
    names.push_back(copies.emplace_back(name).c_str());
    texts.push_back(copies.emplace_back(text).c_str());
  }
  Compilation made = nullptr;
  check(compiler.nvrtcCreateProgram(&made, source.c_str(), "kernels.cu", static_cast<int>(names.size()), texts.data(),
                                    names.data()),
        "nvrtcCreateProgram");
  const auto destroy = [&](Compilation program) { compiler.nvrtcDestroyProgram(&program); };
  const std::unique_ptr<CompilationTag, decltype(destroy)> program(made, destroy);

  std::vector<std::string> options = {"--gpu-architecture=" + architecture};
  options.insert(options.end(), kCompilerOptions.begin(), kCompilerOptions.end());
  std::vector<const char*> passed;
  for (const std::string& option : options) passed.push_back(option.c_str());
  const Result result = compiler.nvrtcCompileProgram(program.get(), static_cast<int>(passed.size()), passed.data());
  if (result != kSuccess) {
    const std::string version = std::to_string(compiler.major) + "." + std::to_string(compiler.minor);
    const std::string words = " NVRTC " + version + " (" + compiler.path + ") says: " + log_of(compiler, program.get());
    if (result == kInvalidOption) {
      throw Error("DEVICE_UNAVAILABLE", "The compiler makes no code for this device (" + architecture +
                                            "). Install a later one of the CUDA toolkit." + words);
    }
    throw Error("NATIVE_FAILURE", "The compiler failed with " + std::to_string(result) + "." + words);
  }
  size_t bytes = 0;
  check(compiler.nvrtcGetCUBINSize(program.get(), &bytes), "nvrtcGetCUBINSize");
  std::string code(bytes, '\0');
  check(compiler.nvrtcGetCUBIN(program.get(), code.data()), "nvrtcGetCUBIN");
  return code;
}

}  // namespace bilevel::cuda
