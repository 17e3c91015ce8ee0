// A context with a stream on the device of the fake driver, for tests of the fake and of what is written over it.
#pragma once

#include <string>

#include "cuda/libraries/compiler.h"
#include "cuda/libraries/driver.h"
#include "test/fake_cuda/counts.h"

namespace bilevel::test {

// The fakes, by the way in which NVIDIA's libraries are found.
const cuda::Driver& fake_driver();
const cuda::Compiler& fake_compiler();

fake_cuda::Counts fake_counts();

// How much work of the fake driver went wrong since this was asked before. No test of the engine lets any do so; where
// one of the fake does, it asks.
int64_t take_failed_work();

// A variable of the environment that has a value while this lives.
class Variable {
 public:
  Variable(std::string name, const std::string& value);
  ~Variable();
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const std::string name_;
};

class FakeDevice {
 public:
  FakeDevice();
  ~FakeDevice();
  FakeDevice(const FakeDevice&) = delete;
  FakeDevice& operator=(const FakeDevice&) = delete;

  cuda::Result destroy();  // at once

  cuda::DevicePointer memory(size_t bytes) const;
  void* pinned(size_t bytes) const;
  // The function of a kernel that stands in `text`.
  cuda::Function kernel(const std::string& text, const char* name);
  // Launches a block with a struct of arguments.
  cuda::Result launch(cuda::Function function, void* arguments) const;

  const cuda::Driver& driver = fake_driver();
  cuda::Context context = nullptr;
  cuda::Stream stream = nullptr;
  cuda::Module module = nullptr;
};

// A source compiled as the engine compiles: the result, the log, and the code.
struct Compiled {
  cuda::Result result = 0;
  std::string log, code;
};
Compiled compile(const std::string& text, std::initializer_list<const char*> options = {"--std=c++17", "--fmad=false",
                                                                                        "--gpu-architecture=sm_90"});

}  // namespace bilevel::test
