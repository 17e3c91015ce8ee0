#include "cuda/context/context.h"

#include <algorithm>
#include <array>

#include "cuda/libraries/describe.h"
#include "program/error.h"

namespace bilevel::cuda {
namespace {

// After these the driver answers every call on the context with the same result.
constexpr std::array<Result, 16> kLasting = {4,   214, 220, 700, 702, 709, 710, 714,
                                             715, 716, 717, 718, 719, 721, 810, 999};

}  // namespace

DeviceContext::DeviceContext(const Driver& driver, int index) : driver_(driver) {
  const DeviceDescription device = describe_device(driver, index);
  name_ = "cuda:" + std::to_string(index) + " (" + device.name + ")";
  compute_capability_ = device.compute_capability;
  precisions_ = device.precisions;
  architecture_ = device.architecture;
  check_available(driver, driver.cuCtxCreate_v2(&handle_, 0, device.ordinal), "cuCtxCreate");
  // To create it has made it the thread's.
  Context made = nullptr;
  driver.cuCtxPopCurrent_v2(&made);
}

DeviceContext::~DeviceContext() { driver_.cuCtxDestroy_v2(handle_); }

DeviceContext::Scope::Scope(const DeviceContext& context) : driver_(context.driver_) {
  context.check(driver_.cuCtxPushCurrent_v2(context.handle_), "cuCtxPushCurrent");
}

DeviceContext::Scope::~Scope() {
  Context own = nullptr;
  driver_.cuCtxPopCurrent_v2(&own);
}

void DeviceContext::check(Result result, const char* function) const {
  if (result == kSuccess) return;
  const std::string failure = describe_failure(driver_, function, result) + ".";
  if (std::find(kLasting.begin(), kLasting.end(), result) == kLasting.end()) {
    throw Error("NATIVE_FAILURE", own_name() + failure);
  }
  lose(failure);
  require();
}

void DeviceContext::lose(const std::string& why) const {
  const std::lock_guard lock(mutex_);
  if (!loss_.empty()) return;
  // The device is named once.
  const std::string reason = why.starts_with(own_name()) ? why.substr(own_name().size()) : why;
  loss_ = "The device " + name_ + " was lost: " + reason +
          " What its runs were writing is undefined, and nothing can run on it. Dispose of it, make a new Device, and "
          "go on from a state that was saved before.";
}

bool DeviceContext::is_lost() const {
  const std::lock_guard lock(mutex_);
  return !loss_.empty();
}

void DeviceContext::require() const {
  const std::lock_guard lock(mutex_);
  if (!loss_.empty()) throw Error("DEVICE_LOST", loss_);
}

}  // namespace bilevel::cuda
