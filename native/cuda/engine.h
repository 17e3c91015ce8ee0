// A GPU of NVIDIA's as a device.
#pragma once

#include <memory>

#include "cuda/codegen/target.h"
#include "engine/engine.h"
#include "engine/ranks.h"

namespace bilevel::cuda {

struct Settings {
  int index = 0;  // of the device, in the driver's order
  Precision precision = Precision::kFloat32;
};

// Opens the driver and the compiler, and makes a context on the device. Throws DEVICE_UNAVAILABLE with what is missing
// and what to do. `ranks`: what it computes together with; null for a process that computes alone.
std::shared_ptr<const Engine> make_engine(Settings settings, std::shared_ptr<const Ranks> ranks = nullptr);

}  // namespace bilevel::cuda
