// A copy between tensors that is carried out before the next run.
#pragma once

#include <memory>
#include <vector>

#include "addon/napi_setup.h"
#include "engine/engine.h"

namespace bilevel::addon {

struct QueuedCopy {
  Copy copy;
  // What it needs until it has been carried out: memory on the device, and the host's.
  std::vector<std::shared_ptr<DeviceTensor>> tensors;
  std::vector<Napi::ObjectReference> views;
};

}  // namespace bilevel::addon
