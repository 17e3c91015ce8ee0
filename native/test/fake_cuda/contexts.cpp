// Contexts of the fake driver.
#include "test/fake_cuda/state.h"

namespace bilevel::fake_cuda {
namespace {

thread_local const void* current = nullptr;

}  // namespace

std::shared_ptr<Context> current_context(Result* result) {
  auto found = contexts().find(current);
  if (found == nullptr) *result = current == nullptr ? kInvalidContext : kContextIsDestroyed;
  return found;
}

}  // namespace bilevel::fake_cuda

using namespace bilevel::fake_cuda;
using bilevel::cuda::kSuccess;

FAKE_CUDA_EXPORT cuCtxCreate_v2(bilevel::cuda::Context* made, unsigned, bilevel::cuda::Ordinal device) {
  const std::lock_guard state(state_mutex());
  FAKE_CUDA_ENTER;
  if (const Result result = check_device(device); result != kSuccess) return result;
  contexts().make(made).device = device;
  current = *made;
  return kSuccess;
}

// What is left in it ends with it. A lost context answers with its error and is gone.
FAKE_CUDA_EXPORT cuCtxDestroy_v2(bilevel::cuda::Context handle) {
  const std::lock_guard execution(execution_mutex());
  std::shared_ptr<Context> context;
  {
    const std::lock_guard state(state_mutex());
    FAKE_CUDA_ENTER;
    context = contexts().find(handle);
    if (context == nullptr) return kInvalidContext;
  }
  execute_all(*context);
  const std::lock_guard state(state_mutex());
  if (context->lost == kSuccess) counts().left_behind += context->objects();
  contexts().remove(handle);
  if (current == handle) current = nullptr;
  return context->lost;
}

FAKE_CUDA_EXPORT cuCtxSetCurrent(bilevel::cuda::Context handle) {
  const std::lock_guard state(state_mutex());
  FAKE_CUDA_ENTER;
  if (handle != nullptr && contexts().find(handle) == nullptr) return kInvalidContext;
  current = handle;
  return kSuccess;
}

extern "C" __attribute__((visibility("default"))) void fake_cuda_counts(Counts* result) {
  const std::lock_guard execution(execution_mutex());
  const std::lock_guard state(state_mutex());
  *result = counts();
  result->contexts = contexts().count();
  for (const auto& [handle, context] : contexts()) result->objects += context->objects();
}
