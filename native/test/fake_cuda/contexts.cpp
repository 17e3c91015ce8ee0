// Contexts of the fake driver.
#include "test/fake_cuda/state.h"

namespace bilevel::fake_cuda {
namespace {

// The last one is the thread's.
thread_local std::vector<cuda::Context> stack;

}  // namespace

std::shared_ptr<Context> current_context(Result* result) {
  auto found = stack.empty() ? nullptr : contexts().find(stack.back());
  if (found == nullptr) *result = stack.empty() ? kInvalidContext : kContextIsDestroyed;
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
  stack.push_back(*made);
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
  std::erase(stack, handle);
  return context->lost;
}

FAKE_CUDA_EXPORT cuCtxPushCurrent_v2(bilevel::cuda::Context handle) {
  const std::lock_guard state(state_mutex());
  FAKE_CUDA_ENTER;
  if (contexts().find(handle) == nullptr) return kInvalidContext;
  stack.push_back(handle);
  return kSuccess;
}

FAKE_CUDA_EXPORT cuCtxPopCurrent_v2(bilevel::cuda::Context* popped) {
  const std::lock_guard state(state_mutex());
  FAKE_CUDA_ENTER;
  if (stack.empty()) return kInvalidContext;
  *popped = stack.back();
  stack.pop_back();
  return kSuccess;
}

extern "C" __attribute__((visibility("default"))) void fake_cuda_counts(Counts* result) {
  const std::lock_guard execution(execution_mutex());
  const std::lock_guard state(state_mutex());
  *result = counts();
  result->contexts = contexts().count();
  for (const auto& [handle, context] : contexts()) result->objects += context->objects();
}
