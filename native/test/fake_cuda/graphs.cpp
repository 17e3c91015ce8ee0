// Captures of the fake driver, and the graphs that come of them.
#include "test/fake_cuda/state.h"

using namespace bilevel::fake_cuda;
using bilevel::cuda::kSuccess;

FAKE_CUDA_EXPORT cuStreamBeginCapture_v2(bilevel::cuda::Stream handle, int mode) {
  FAKE_CUDA_ENTER_CONTEXT;
  const auto stream = context->streams.find(handle);
  if (stream == nullptr) return kInvalidHandle;
  if (mode < kGlobalCapture || mode > kRelaxedCapture) return kInvalidValue;
  if (stream->capture) return kIllegalState;
  stream->capture = std::make_shared<Capture>();
  stream->capture->mode = mode;
  stream->capture->thread = std::this_thread::get_id();
  return kSuccess;
}

// Where it fails the capture ends too, unless another thread has begun it.
FAKE_CUDA_EXPORT cuStreamEndCapture(bilevel::cuda::Stream handle, bilevel::cuda::Graph* made) {
  const std::lock_guard state(state_mutex());
  std::shared_ptr<Context> context;
  const Result failed = enter(__func__, &context);
  if (context == nullptr) return failed;
  const auto stream = context->streams.find(handle);
  if (failed != kSuccess) {
    if (stream != nullptr) stream->capture = nullptr;
    return failed;
  }
  if (stream == nullptr) return kInvalidHandle;
  if (!stream->capture) return kIllegalState;
  if (stream->capture->mode != kRelaxedCapture && stream->capture->thread != std::this_thread::get_id()) {
    return kCaptureWrongThread;
  }
  const auto capture = std::exchange(stream->capture, nullptr);
  *made = nullptr;
  if (capture->invalidated) return kCaptureInvalidated;
  context->graphs.make(made).nodes = std::move(capture->nodes);
  return kSuccess;
}

FAKE_CUDA_EXPORT cuGraphDestroy(bilevel::cuda::Graph handle) {
  FAKE_CUDA_ENTER_CONTEXT;
  return context->graphs.remove(handle) ? kSuccess : kInvalidHandle;
}

FAKE_CUDA_EXPORT cuGraphInstantiateWithFlags(bilevel::cuda::GraphExec* made, bilevel::cuda::Graph handle,
                                             unsigned long long flags) {
  FAKE_CUDA_ENTER_CONTEXT;
  const auto graph = context->graphs.find(handle);
  if (graph == nullptr) return kInvalidHandle;
  if (flags != 0) return kInvalidValue;
  context->executables.make(made).nodes = std::make_shared<const Nodes>(graph->nodes);
  return kSuccess;
}

FAKE_CUDA_EXPORT cuGraphExecDestroy(bilevel::cuda::GraphExec handle) {
  FAKE_CUDA_ENTER_CONTEXT;
  return context->executables.remove(handle) ? kSuccess : kInvalidHandle;
}

FAKE_CUDA_EXPORT cuGraphLaunch(bilevel::cuda::GraphExec handle, bilevel::cuda::Stream in) {
  FAKE_CUDA_ENTER_CONTEXT;
  const auto executable = context->executables.find(handle);
  const auto stream = context->streams.find(in);
  if (executable == nullptr || stream == nullptr) return kInvalidHandle;
  ++counts().graph_launches;
  return enqueue(*stream, [nodes = executable->nodes] {
    for (const Work& node : *nodes) node();
  });
}
