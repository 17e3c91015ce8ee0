// The tags that tell our wrapped objects from all others: a method called on a wrong receiver is refused before its
// pointer is used. Random values, one per class; never reuse one.
#pragma once

#include "addon/napi_setup.h"

namespace bilevel::addon {

inline constexpr napi_type_tag kDeviceTag = {0x5f0c2a9be4d14f3a, 0x9b3e71c0d8a6425e};
inline constexpr napi_type_tag kTensorTag = {0x2e94b1f7036ad85c, 0xd760ca415f8e293b};
inline constexpr napi_type_tag kProgramTag = {0xc1d7386f20be4b95, 0xa84f5d13e9072bc6};

}  // namespace bilevel::addon
