#include "test/cuda/fake_device.h"

#include <dlfcn.h>
#include <stdlib.h>

#include <utility>
#include <vector>

#include "cuda/codegen/source.h"
#include "test/support/test.h"

namespace bilevel::test {

const cuda::Driver& fake_driver() {
  setenv("BILEVEL_CUDA_PATH", BILEVEL_FAKE_CUDA, 1);
  return cuda::driver();
}

const cuda::Compiler& fake_compiler() { return cuda::compiler(fake_driver()); }

fake_cuda::Counts fake_counts() {
  void* const library = dlopen(fake_driver().path.c_str(), RTLD_NOW | RTLD_NOLOAD);
  CHECK(library != nullptr);
  auto* const ask = reinterpret_cast<decltype(&fake_cuda_counts)>(dlsym(library, "fake_cuda_counts"));
  dlclose(library);
  fake_cuda::Counts counts;
  ask(&counts);
  return counts;
}

int64_t take_failed_work() {
  static int64_t taken = 0;
  const int64_t all = fake_counts().failed_work;
  return all - std::exchange(taken, all);
}

Variable::Variable(std::string name, const std::string& value) : name_(std::move(name)) {
  setenv(name_.c_str(), value.c_str(), 1);
}
Variable::~Variable() { unsetenv(name_.c_str()); }

FakeDevice::FakeDevice() {
  CHECK(driver.cuCtxCreate_v2(&context, 0, 0) == cuda::kSuccess);
  CHECK(driver.cuStreamCreate(&stream, cuda::kNonBlockingStream) == cuda::kSuccess);
}

FakeDevice::~FakeDevice() {
  if (context != nullptr) destroy();
}

cuda::Result FakeDevice::destroy() {
  if (module != nullptr) driver.cuModuleUnload(module);
  driver.cuStreamDestroy_v2(stream);
  return driver.cuCtxDestroy_v2(std::exchange(context, nullptr));
}

cuda::DevicePointer FakeDevice::memory(size_t bytes) const {
  cuda::DevicePointer made = 0;
  CHECK(driver.cuMemAlloc_v2(&made, bytes) == cuda::kSuccess);
  return made;
}

void* FakeDevice::pinned(size_t bytes) const {
  void* made = nullptr;
  CHECK(driver.cuMemHostAlloc(&made, bytes, 0) == cuda::kSuccess);
  return made;
}

cuda::Function FakeDevice::kernel(const std::string& text, const char* name) {
  const Compiled compiled = compile(text);
  CHECK(compiled.result == cuda::kSuccess, compiled.log);
  cuda::Function function = nullptr;
  CHECK(driver.cuModuleLoadData(&module, compiled.code.c_str()) == cuda::kSuccess);
  CHECK(driver.cuModuleGetFunction(&function, module, name) == cuda::kSuccess);
  return function;
}

cuda::Result FakeDevice::launch(cuda::Function function, void* arguments) const {
  void* parameters[] = {arguments};
  return driver.cuLaunchKernel(function, 1, 1, 1, 256, 1, 1, 0, stream, parameters, nullptr);
}

Compiled compile(const std::string& text, std::initializer_list<const char*> options) {
  const cuda::Compiler& compiler = fake_compiler();
  std::vector<const char*> names, headers;
  for (const auto& [name, header] : cuda::device_headers()) {
    names.push_back(name.data());
    headers.push_back(header.data());
  }
  cuda::Compilation program = nullptr;
  CHECK(compiler.nvrtcCreateProgram(&program, text.c_str(), "test.cu", static_cast<int>(names.size()), headers.data(),
                                    names.data()) == cuda::kSuccess);
  Compiled compiled;
  compiled.result =
      compiler.nvrtcCompileProgram(program, static_cast<int>(options.size()), std::vector(options).data());
  size_t bytes = 0;
  CHECK(compiler.nvrtcGetProgramLogSize(program, &bytes) == cuda::kSuccess);
  compiled.log.resize(bytes);
  CHECK(compiler.nvrtcGetProgramLog(program, compiled.log.data()) == cuda::kSuccess);
  compiled.log.resize(bytes - 1);
  if (compiled.result == cuda::kSuccess) {
    CHECK(compiler.nvrtcGetCUBINSize(program, &bytes) == cuda::kSuccess);
    compiled.code.resize(bytes);
    CHECK(compiler.nvrtcGetCUBIN(program, compiled.code.data()) == cuda::kSuccess);
  }
  CHECK(compiler.nvrtcDestroyProgram(&program) == cuda::kSuccess);
  return compiled;
}

}  // namespace bilevel::test
