// The CUDA devices of this machine.
#pragma once

#include <vector>

#include "engine/found_device.h"

namespace bilevel::cuda {

// All that the driver finds; where it cannot be asked, one without a name, with the reason. Opens the driver and the
// compiler.
std::vector<FoundDevice> find_devices();

}  // namespace bilevel::cuda
