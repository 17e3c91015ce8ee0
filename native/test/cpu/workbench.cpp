#include "test/cpu/workbench.h"

#include <algorithm>

#include "cpu/make_kernel.h"

namespace bilevel::test {

// Bytes of which floats are NaN.
Workspace::Workspace(int64_t bytes) : memory_(bytes) { std::fill_n(data(), bytes, std::byte{0xff}); }

void run_kernel(cpu::Kernel& kernel, const cpu::Memory& memory, int repeats) {
  const Workspace workspace(kernel.workspace_bytes());
  for (int i = 0; i < repeats; ++i) kernel.run({memory.buffers, workspace.data()});
}

void Workbench::run(const Operation& operation, int threads, int repeats) {
  const auto kernel = cpu::make_kernel(program(), operation, {threads});
  run([&](const cpu::Memory& memory) { run_kernel(*kernel, memory, repeats); });
}

void Workbench::run(const std::function<void(const cpu::Memory&)>& body) {
  GuardedBuffers::run([&](std::byte* const* buffers) { body({buffers}); });
}

}  // namespace bilevel::test
