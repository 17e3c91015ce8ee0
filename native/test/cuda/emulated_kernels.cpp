#include "test/cuda/emulated_kernels.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "cuda/codegen/source.h"
#include "test/support/test.h"

namespace bilevel::test {
namespace {

// Kernels in one source: few enough for several compilers to have work.
constexpr size_t kInOneSource = 100;

std::vector<std::string> sources_of(std::span<const std::vector<cuda::Kernel>> lists) {
  std::set<std::string_view> names;
  std::vector<const cuda::Kernel*> kernels;
  for (const auto& list : lists) {
    for (const cuda::Kernel& kernel : list) {
      if (names.insert(kernel.name).second) kernels.push_back(&kernel);
    }
  }
  std::vector<std::string> sources;
  for (size_t first = 0; first < kernels.size(); first += kInOneSource) {
    sources.push_back(
        cuda::source_of(std::span(kernels).subspan(first, std::min(kInOneSource, kernels.size() - first))));
  }
  return sources;
}

// For other compilers: into the folder that BILEVEL_DEVICE_SOURCES names, where the environment has it.
const std::vector<std::string>& written(const std::vector<std::string>& sources) {
  const char* const folder = std::getenv("BILEVEL_DEVICE_SOURCES");
  if (folder == nullptr) return sources;
  static int number = 0;
  const auto write = [&](const std::filesystem::path& name, std::string_view text) {
    const std::filesystem::path path = folder / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
  };
  for (const auto& [name, text] : cuda::device_headers()) write(name, text);
  std::string options;
  for (const std::string_view option : cuda::kCompilerOptions) options.append(option).append("\n");
  write("options", options);
  for (const std::string& source : sources) write(std::to_string(number++) + ".cu", source);
  return sources;
}

}  // namespace

EmulatedKernels::EmulatedKernels(std::span<const std::vector<cuda::Kernel>> lists)
    : library_(cuda::device_headers(), written(sources_of(lists))) {}

EmulatedKernels::EmulatedKernels(emulation::Headers headers, const std::string& source)
    : library_(headers, std::span(&source, 1)) {}

cuda::WrongIndexRecord EmulatedKernels::run(std::span<const cuda::Kernel> kernels, std::byte* const* buffers,
                                            emulation::Order order, uint32_t seed, const Rows& rows) const {
  cuda::WrongIndexRecord wrong_index = cuda::kNoWrongIndex;
  for (const cuda::Kernel& kernel : kernels) {
    std::vector<double> scratch(static_cast<size_t>(kernel.scratch_bytes) / sizeof(double));
    std::fill_n(reinterpret_cast<unsigned char*>(scratch.data()), kernel.scratch_bytes, 0xff);
    std::vector<uint32_t> counters(static_cast<size_t>(kernel.counters));
    const auto base = [&](const cuda::Argument& argument) -> void* {
      switch (argument.kind) {
        case cuda::Argument::Kind::kBuffer:
          return buffers[argument.buffer];
        case cuda::Argument::Kind::kScratch:
          return scratch.data();
        case cuda::Argument::Kind::kCounters:
          return counters.data();
        case cuda::Argument::Kind::kWrongIndex:
          return wrong_index.data();
        case cuda::Argument::Kind::kBinding:
          return rows.bindings[argument.buffer];
        case cuda::Argument::Kind::kStepTable:
          return rows.step_table;
      }
      return nullptr;
    };
    std::vector<std::byte*> arguments;
    for (const cuda::Argument& argument : kernel.arguments) {
      arguments.push_back(static_cast<std::byte*>(base(argument)) + argument.byte_offset);
    }
    const emulation::Function function = library_.function(kernel.name);
    CHECK(function.argument_bytes == arguments.size() * sizeof(void*), kernel.name);
    emulation::launch(function, kernel.blocks, cuda::kThreads, arguments.data(), order, seed);
    CHECK(std::all_of(counters.begin(), counters.end(), [](uint32_t counter) { return counter == 0; }), kernel.name);
  }
  return wrong_index;
}

}  // namespace bilevel::test
