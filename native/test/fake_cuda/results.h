// Results of NVIDIA's driver that the fake one gives.
#pragma once

#include "cuda/libraries/driver.h"

namespace bilevel::fake_cuda {

using cuda::Result;

inline constexpr Result kInvalidValue = 1;
inline constexpr Result kNotInitialized = 3;
inline constexpr Result kInvalidDevice = 101;
inline constexpr Result kInvalidImage = 200;
inline constexpr Result kInvalidContext = 201;
inline constexpr Result kNoBinaryForDevice = 209;
inline constexpr Result kInvalidHandle = 400;
inline constexpr Result kIllegalState = 401;
inline constexpr Result kNotFound = 500;
inline constexpr Result kIllegalAddress = 700;
inline constexpr Result kLaunchOutOfResources = 701;
inline constexpr Result kContextIsDestroyed = 709;
inline constexpr Result kAlreadyRegistered = 712;
inline constexpr Result kNotRegistered = 713;
inline constexpr Result kLaunchFailed = 719;
inline constexpr Result kNotSupported = 801;
inline constexpr Result kCaptureUnsupported = 900;
inline constexpr Result kCaptureInvalidated = 901;
inline constexpr Result kCaptureWrongThread = 908;

inline constexpr int kGlobalCapture = 0, kRelaxedCapture = 2;  // modes, beside kThreadLocalCapture

// Whether a context that has met it is lost: an error of device code, or of the device.
constexpr bool is_sticky(Result result) {
  constexpr Result kUncorrectableMemory = 214, kTimeout = 702, kAssertion = 710, kUnknown = 999;
  return result == kUncorrectableMemory || result == kIllegalAddress || result == kTimeout || result == kAssertion ||
         (result > kNotRegistered && result <= kLaunchFailed) || result == kUnknown;
}

}  // namespace bilevel::fake_cuda
