// The fake compiler: what it takes, what it says, and that it compiles a kernel once.
#include <filesystem>
#include <utility>

#include "test/cuda/fake_device.h"
#include "test/fake_cuda/results.h"
#include "test/support/test.h"

namespace bilevel::test {
namespace {

using cuda::kSuccess;

std::string kernel(const std::string& name, const std::string& body) {
  return "#include \"cuda/kernels/prelude.cuh\"\nnamespace bilevel {\nnamespace of_" + name +
         " {\nstruct Arguments { float* x; };\nBILEVEL_KERNEL(" + name + ", Arguments, false) {\n" + body +
         "\n}\n}\n}\n";
}

int64_t files_of_compiler() {
  int64_t count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(BILEVEL_FAKE_CUDA)) {
    count += entry.path().extension() == ".so";
  }
  return count;
}

TEST(a_kernel_is_compiled_once) {
  const std::string a = kernel("compiled_a", "args.x[0] = 1.0f;"), b = kernel("compiled_b", "args.x[0] = 2.0f;");
  CHECK(compile(a).result == kSuccess);
  const int64_t files = files_of_compiler();
  CHECK(compile(a).result == kSuccess);
  CHECK(files_of_compiler() == files);
  const Compiled both = compile(a + b);
  CHECK(both.result == kSuccess);
  CHECK(both.code.find("compiled_a ") != std::string::npos && both.code.find("compiled_b ") != std::string::npos);
}

TEST(what_does_not_compile_is_told_as_nvrtc_tells_it) {
  const Compiled wrong = compile(kernel("right", "args.x[0] = 1.0f;") + kernel("wrong", "args.x[0] = nothing;"));
  CHECK(wrong.result == 6, wrong.result);
  CHECK(wrong.log.starts_with("test.cu(15): error: "), wrong.log);
  CHECK(wrong.log.ends_with("\n1 error detected in the compilation of \"test.cu\".\n"), wrong.log);
  const Compiled missing = compile("#include <vector>\n#include \"no/such.h\"\n");
  CHECK(missing.result == 6 && missing.log.starts_with("test.cu(2): error: "), missing.log);
}

TEST(options_that_the_compiler_does_not_know_are_refused) {
  const std::string text = kernel("options", "args.x[0] = 1.0f;");
  const Compiled unknown = compile(text, {"--gpu-architecture=sm_90", "--speed=most"});
  CHECK(unknown.result == 5, unknown.result);
  CHECK(unknown.log.find("--speed=most") != std::string::npos, unknown.log);
  CHECK(compile(text, {"--std=c++17"}).result == 5);
}

TEST(code_is_for_devices_that_are_not_older) {
  FakeDevice device;
  const auto loads = [&](const char* option) {
    const Compiled compiled = compile(kernel("architecture", "args.x[0] = 1.0f;"), {option, "--fmad=false"});
    CHECK(compiled.result == kSuccess, compiled.log);
    const cuda::Result result = device.driver.cuModuleLoadData(&device.module, compiled.code.c_str());
    if (result == kSuccess) CHECK(device.driver.cuModuleUnload(std::exchange(device.module, nullptr)) == kSuccess);
    return result;
  };
  CHECK(loads("--gpu-architecture=sm_90") == kSuccess);
  CHECK(loads("--gpu-architecture=sm_100") == fake_cuda::kNoBinaryForDevice);
  CHECK(loads("--gpu-architecture=sm_80") == fake_cuda::kNoBinaryForDevice);
  CHECK(device.driver.cuModuleLoadData(&device.module, "something else") == fake_cuda::kInvalidImage);
}

}  // namespace
}  // namespace bilevel::test
