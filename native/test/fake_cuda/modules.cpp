// Modules of the fake driver, and launches of their kernels: blocks and threads go forward, or as FAKE_CUDA_ORDER says
// backward (1) or shuffled (2).
#include <cstdio>
#include <sstream>
#include <stdexcept>

#include "test/emulation/launch.h"
#include "test/fake_cuda/cubin.h"
#include "test/fake_cuda/state.h"

using namespace bilevel::fake_cuda;
using bilevel::cuda::kSuccess;
namespace emulation = bilevel::emulation;

namespace {

constexpr unsigned kMostThreads = 256;  // the launch bounds of all our kernels

// One of each library for the process; null where the file is gone.
const emulation::Code* code_of(const std::string& library) {
  static std::map<std::string, emulation::Code> opened;
  const auto found = opened.find(library);
  if (found != opened.end()) return &found->second;
  try {
    return &opened.emplace(library, emulation::Code(library)).first->second;
  } catch (const std::runtime_error& error) {
    std::fprintf(stderr, "fake CUDA: %s\n", error.what());
    return nullptr;
  }
}

}  // namespace

FAKE_CUDA_EXPORT cuModuleLoadData(bilevel::cuda::Module* made, const void* image) {
  FAKE_CUDA_ENTER_CONTEXT;
  if (const Result result = refuse_in_capture(*context); result != kSuccess) return result;
  std::istringstream text(static_cast<const char*>(image));
  std::string mark, name, library;
  int architecture = 0;
  if (!(text >> mark >> architecture) || mark != kCubinMark) return kInvalidImage;
  // Code is for the devices of its major version that are not older.
  const int capability = device_capability();
  if (architecture / 10 != capability / 10 || architecture > capability) return kNoBinaryForDevice;
  std::map<std::string, std::string> libraries;
  while (text >> name && std::getline(text >> std::ws, library)) libraries[name] = library;
  context->modules.make(made).libraries = std::move(libraries);
  return kSuccess;
}

FAKE_CUDA_EXPORT cuModuleUnload(bilevel::cuda::Module handle) {
  FAKE_CUDA_ENTER_WAITING;
  if (const Result result = refuse_in_capture(*context); result != kSuccess) return result;
  state.unlock();
  if (const Result result = execute_all(*context); result != kSuccess) return result;
  state.lock();
  const auto module = context->modules.find(handle);
  if (module == nullptr) return kInvalidHandle;
  for (const bilevel::cuda::Function function : module->functions) context->functions.remove(function);
  context->modules.remove(handle);
  return kSuccess;
}

FAKE_CUDA_EXPORT cuModuleGetFunction(bilevel::cuda::Function* made, bilevel::cuda::Module handle, const char* name) {
  FAKE_CUDA_ENTER_CONTEXT;
  const auto module = context->modules.find(handle);
  if (module == nullptr) return kInvalidHandle;
  const auto library = module->libraries.find(name);
  if (library == module->libraries.end()) return kNotFound;
  const emulation::Code* const code = code_of(library->second);
  if (code == nullptr) return kInvalidImage;
  const std::optional<emulation::Function> function = code->find(name);
  if (!function) return kNotFound;
  context->functions.make(made) = {*function, module->loaded};
  module->functions.push_back(*made);
  return kSuccess;
}

FAKE_CUDA_EXPORT cuLaunchKernel(bilevel::cuda::Function handle, unsigned grid_x, unsigned grid_y, unsigned grid_z,
                                unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared_bytes,
                                bilevel::cuda::Stream in, void** parameters, void** extra) {
  FAKE_CUDA_ENTER_CONTEXT;
  const auto stream = context->streams.find(in);
  const auto function = context->functions.find(handle);
  if (stream == nullptr || function == nullptr) return kInvalidHandle;
  if (grid_x == 0 || grid_x > INT32_MAX || block_x == 0 || parameters == nullptr || extra != nullptr) {
    return kInvalidValue;
  }
  if (block_x > kMostThreads) return kLaunchOutOfResources;
  // The emulation has one dimension, and no shared memory but what kernels declare.
  if (grid_y != 1 || grid_z != 1 || block_y != 1 || block_z != 1 || shared_bytes != 0) return kNotSupported;
  const auto* const first = static_cast<const std::byte*>(parameters[0]);
  std::vector<std::byte> arguments(first, first + function->code.argument_bytes);
  const auto order = static_cast<emulation::Order>(setting("FAKE_CUDA_ORDER", 0));
  return enqueue(*stream, [code = function->code, loaded = function->loaded, arguments = std::move(arguments), grid_x,
                           block_x, order] {
    if (loaded.expired()) throw std::runtime_error("a kernel runs whose module is not loaded any more");
    ++counts().launches;
    emulation::launch(code, grid_x, block_x, arguments.data(), order, static_cast<uint32_t>(counts().launches));
  });
}
