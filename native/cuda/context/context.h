// A context of the driver: the memory, code and queues of one handle of a device, and what has become of it.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "cuda/libraries/driver.h"

namespace bilevel::cuda {

class DeviceContext {
 public:
  // A new one on the device with this number. Throws DEVICE_UNAVAILABLE when there is none, or the driver refuses.
  DeviceContext(const Driver& driver, int index);
  ~DeviceContext();
  DeviceContext(const DeviceContext&) = delete;
  DeviceContext& operator=(const DeviceContext&) = delete;

  // The driver's functions work on the context that is the calling thread's: this one, while a scope lives, and then
  // the one that was before, which may be somebody else's. Scopes may lie in each other. Throws as check() does.
  class Scope {
   public:
    explicit Scope(const DeviceContext& context);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    const Driver& driver_;
  };

  const Driver* operator->() const { return &driver_; }

  // Throws unless the result is success: DEVICE_LOST when nothing can be done with the context any more, and
  // NATIVE_FAILURE otherwise.
  void check(Result result, const char* function) const;
  // Throws what an earlier call threw when the context was lost.
  void require() const;
  // From now on nothing can be done with the context; what is in it ends with it. `why`: a sentence, such as an error
  // of check().
  void lose(const std::string& why) const;
  bool is_lost() const;

  // "cuda:0 (NVIDIA H200)".
  const std::string& name() const { return name_; }
  // "9.0" and "sm_90".
  const std::string& compute_capability() const { return compute_capability_; }
  const std::string& architecture() const { return architecture_; }
  const std::vector<std::string>& precisions() const { return precisions_; }

 private:
  std::string own_name() const { return name_ + ": "; }

  const Driver& driver_;
  std::string name_, compute_capability_, architecture_;
  std::vector<std::string> precisions_;
  Context handle_ = nullptr;
  mutable std::mutex mutex_;
  mutable std::string loss_;  // the message of DEVICE_LOST; empty while there is none
};

}  // namespace bilevel::cuda
