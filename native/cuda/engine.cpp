#include "cuda/engine.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "cuda/execute/device.h"
#include "cuda/execute/device_tensor.h"
#include "cuda/execute/executable.h"
#include "cuda/libraries/compiler.h"
#include "cuda/libraries/describe.h"
#include "cuda/libraries/search.h"
#include "program/error.h"

namespace bilevel::cuda {
namespace {

class CudaEngine final : public Engine {
 public:
  CudaEngine(std::shared_ptr<const DeviceContext> context, std::shared_ptr<Device> device, std::string library)
      : context_(std::move(context)), device_(std::move(device)), library_(std::move(library)) {}

  DeviceInfo info() const override {
    return {.kind = "cuda",
            .name = context_->name(),
            .threads = 0,
            .precision = std::string(kPrecisionNames[static_cast<size_t>(device_->target.precision)]),
            .library = library_,
            .instruction_set = "compute capability " + context_->compute_capability()};
  }

  std::shared_ptr<bilevel::Executable> load(Program program, std::span<const std::byte> constants) const override {
    return std::make_shared<Executable>(device_, std::move(program), constants);
  }

  std::shared_ptr<bilevel::DeviceTensor> allocate(int64_t bytes) const override {
    context_->require();
    const DeviceContext::Scope scope(*context_);
    return std::make_shared<DeviceTensor>(cuda::allocate(context_, bytes));
  }

  void copy(std::span<const Copy> copies) const override {
    context_->require();
    const DeviceContext::Scope scope(*context_);
    cuda::copy(*context_, device_->queue, copies);
  }

  // What needs the context makes it the thread's for as long.
  std::shared_ptr<void> enter() const override { return nullptr; }

 private:
  const std::shared_ptr<const DeviceContext> context_;
  const std::shared_ptr<Device> device_;
  const std::string library_;
};

}  // namespace

std::shared_ptr<const Engine> make_engine(Settings settings, std::shared_ptr<const Ranks> ranks) {
  const Driver& found = driver();
  const Compiler& its_compiler = compiler(found);
  int count = 0;
  check_available(found, found.cuDeviceGetCount(&count), "cuDeviceGetCount");
  if (settings.index >= count) {
    throw_unavailable("there is no device with the index " + std::to_string(settings.index) + "; the driver finds " +
                      std::to_string(count) + ", counted from 0.");
  }
  const auto context = std::make_shared<const DeviceContext>(found, settings.index);
  const std::string precision(kPrecisionNames[static_cast<size_t>(settings.precision)]);
  const std::vector<std::string>& precisions = context->precisions();
  if (std::find(precisions.begin(), precisions.end(), precision) == precisions.end()) {
    throw Error("DEVICE_UNAVAILABLE", "The precision '" + precision +
                                          "' needs a GPU of compute capability 8.0 or later (Ampere, 2020), but " +
                                          context->name() + " has " + context->compute_capability() +
                                          ". Use the precision 'float32'.");
  }
  const DeviceContext::Scope scope(*context);
  const auto device = std::make_shared<Device>(context, its_compiler, settings.precision, std::move(ranks));
  return std::make_shared<CudaEngine>(context, device,
                                      "CUDA " + describe_version(found.version) + ", NVRTC " +
                                          std::to_string(its_compiler.major) + "." +
                                          std::to_string(its_compiler.minor));
}

}  // namespace bilevel::cuda
