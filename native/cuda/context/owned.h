// Something of the driver's that belongs to a context, and is given back when its owner goes.
#pragma once

#include <memory>
#include <utility>

#include "cuda/context/context.h"
#include "program/error.h"

namespace bilevel::cuda {

// `kGiveBack`: the function of the driver that does it.
template <typename Handle, auto kGiveBack>
class Owned {
 public:
  Owned() = default;
  Owned(std::shared_ptr<const DeviceContext> context, Handle handle) : context_(std::move(context)), handle_(handle) {}
  ~Owned() { reset(); }
  Owned(Owned&& other) noexcept
      : context_(std::move(other.context_)), handle_(std::exchange(other.handle_, Handle())) {}
  Owned& operator=(Owned&& other) noexcept {
    std::swap(context_, other.context_);
    std::swap(handle_, other.handle_);
    return *this;
  }

  Handle get() const { return handle_; }
  explicit operator bool() const { return handle_ != Handle(); }

  void reset() {
    if (!*this) return;
    const Handle handle = std::exchange(handle_, Handle());
    // What a lost context was doing may still use it.
    if (context_->is_lost()) return;
    try {
      const DeviceContext::Scope scope(*context_);
      (context_->operator->()->*kGiveBack)(handle);
    } catch (const Error&) {
      // It stays the context's, and ends with it.
    }
  }

 private:
  std::shared_ptr<const DeviceContext> context_;
  Handle handle_ = Handle();
};

using OwnedMemory = Owned<DevicePointer, &Driver::cuMemFree_v2>;
using OwnedPinnedMemory = Owned<void*, &Driver::cuMemFreeHost>;
using OwnedStream = Owned<Stream, &Driver::cuStreamDestroy_v2>;
using OwnedEvent = Owned<Event, &Driver::cuEventDestroy_v2>;
using OwnedGraph = Owned<Graph, &Driver::cuGraphDestroy>;
using OwnedGraphExec = Owned<GraphExec, &Driver::cuGraphExecDestroy>;
using OwnedModule = Owned<Module, &Driver::cuModuleUnload>;

}  // namespace bilevel::cuda
