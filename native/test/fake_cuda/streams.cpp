// Streams and events of the fake driver. A stream's work is done when somebody waits for it, and a question after an
// event does one piece of it.
#include "test/fake_cuda/state.h"

using namespace bilevel::fake_cuda;
using bilevel::cuda::kSuccess;

FAKE_CUDA_EXPORT cuStreamCreate(bilevel::cuda::Stream* made, unsigned flags) {
  FAKE_CUDA_ENTER_CONTEXT;
  if (flags > bilevel::cuda::kNonBlockingStream) return kInvalidValue;
  context->streams.make(made);
  return kSuccess;
}

FAKE_CUDA_EXPORT cuStreamDestroy_v2(bilevel::cuda::Stream handle) {
  FAKE_CUDA_ENTER_WAITING;
  const auto stream = context->streams.find(handle);
  if (stream == nullptr) return kInvalidHandle;
  context->streams.remove(handle);
  state.unlock();
  return execute(*context, *stream);
}

FAKE_CUDA_EXPORT cuStreamSynchronize(bilevel::cuda::Stream handle) {
  FAKE_CUDA_ENTER_WAITING;
  const auto stream = context->streams.find(handle);
  if (stream == nullptr) return kInvalidHandle;
  if (const Result result = refuse_in_capture(*stream); result != kSuccess) return result;
  state.unlock();
  return execute(*context, *stream);
}

FAKE_CUDA_EXPORT cuEventCreate(bilevel::cuda::Event* made, unsigned flags) {
  FAKE_CUDA_ENTER_CONTEXT;
  context->events.make(made).keeps_time = (flags & bilevel::cuda::kTimelessEvent) == 0;
  return kSuccess;
}

FAKE_CUDA_EXPORT cuEventDestroy_v2(bilevel::cuda::Event handle) {
  FAKE_CUDA_ENTER_CONTEXT;
  return context->events.remove(handle) ? kSuccess : kInvalidHandle;
}

FAKE_CUDA_EXPORT cuEventRecord(bilevel::cuda::Event handle, bilevel::cuda::Stream in) {
  FAKE_CUDA_ENTER_CONTEXT;
  const auto event = context->events.find(handle);
  const auto stream = context->streams.find(in);
  if (event == nullptr || stream == nullptr) return kInvalidHandle;
  event->captured = stream->capture;
  if (stream->capture) return enqueue(*stream, [] {});
  event->last = std::make_shared<Record>();
  event->last->stream = stream;
  return enqueue(*stream, [record = event->last] {
    record->time = std::chrono::steady_clock::now();
    record->done = true;
  });
}

namespace {

// Nobody may ask after an event of a capture, nor after any during one.
Result refuse_event(Context& context, const Event& event) {
  if (event.captured) {
    event.captured->invalidated = true;
    return kCaptureUnsupported;
  }
  return refuse_in_capture(context);
}

// What was last recorded at an event, and the stream that has it to do; null where there is none. Or why nobody may
// ask.
struct Recorded {
  Result refused = kSuccess;
  std::shared_ptr<Record> record = nullptr;
  std::shared_ptr<Stream> stream = nullptr;
};

Recorded find_recorded(Context& context, bilevel::cuda::Event handle) {
  const auto event = context.events.find(handle);
  if (event == nullptr) return {kInvalidHandle};
  if (const Result refused = refuse_event(context, *event); refused != kSuccess) return {refused};
  const auto record = event->last;
  return {kSuccess, record, record == nullptr ? nullptr : record->stream.lock()};
}

}  // namespace

FAKE_CUDA_EXPORT cuEventQuery(bilevel::cuda::Event handle) {
  FAKE_CUDA_ENTER_WAITING;
  const auto [refused, record, stream] = find_recorded(*context, handle);
  if (refused != kSuccess) return refused;
  state.unlock();
  if (stream == nullptr || record->done) return kSuccess;
  if (const Result result = execute(
          *context, *stream, [] { return false; }, 1);
      result != kSuccess) {
    return result;
  }
  return record->done ? kSuccess : bilevel::cuda::kNotReady;
}

FAKE_CUDA_EXPORT cuEventSynchronize(bilevel::cuda::Event handle) {
  FAKE_CUDA_ENTER_WAITING;
  const auto [refused, record, stream] = find_recorded(*context, handle);
  if (refused != kSuccess) return refused;
  state.unlock();
  if (stream == nullptr) return kSuccess;
  return execute(*context, *stream, [&record = record] { return record->done; });
}

FAKE_CUDA_EXPORT cuEventElapsedTime(float* milliseconds, bilevel::cuda::Event start, bilevel::cuda::Event end) {
  FAKE_CUDA_ENTER_WAITING;
  const auto first = context->events.find(start), last = context->events.find(end);
  if (first == nullptr || last == nullptr) return kInvalidHandle;
  for (const auto& event : {first, last}) {
    if (!event->keeps_time || event->last == nullptr) return kInvalidHandle;
    if (!event->last->done) return bilevel::cuda::kNotReady;
  }
  *milliseconds = std::chrono::duration<float, std::milli>(last->last->time - first->last->time).count();
  return kSuccess;
}
