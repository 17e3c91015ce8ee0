// What an engine is: the addon knows programs, devices and runs by these classes alone, and a test of an engine too.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "program/program.h"

namespace bilevel {

// For reports.
struct DeviceInfo {
  std::string kind;             // "cpu" or "cuda"
  std::string name;             // of one device among several of its kind; empty where there is only one
  int threads;                  // that compute a run together; 0 where the host's do not
  std::string precision;        // of the operands of convolutions and large products
  std::string library;          // that serves them, with its version
  std::string instruction_set;  // the best one that the library uses on this machine
};

// How the two sides of a run talk while it goes on. Both words are shared with JavaScript.
class Control {
 public:
  // `words[0]` non-zero asks the run to stop; `words[1]` counts the steps completed. `cancelled` is the executor's own
  // request. All must outlive the run.
  Control(int32_t* words, const std::atomic<bool>& cancelled)
      : words_(reinterpret_cast<std::atomic<int32_t>*>(words)), cancelled_(cancelled) {}

  bool stop_requested() const {
    return words_[0].load(std::memory_order_relaxed) != 0 || cancelled_.load(std::memory_order_relaxed);
  }
  void publish(int32_t completed_steps) const { words_[1].store(completed_steps, std::memory_order_release); }

 private:
  // std::atomic_ref would need no cast; libc++ has it only from its version 19 on.
  static_assert(sizeof(std::atomic<int32_t>) == sizeof(int32_t) && std::atomic<int32_t>::is_always_lock_free);
  std::atomic<int32_t>* words_;
  const std::atomic<bool>& cancelled_;
};

// Memory on a device for the elements of a tensor, until nobody holds it.
class DeviceTensor {
 public:
  virtual ~DeviceTensor() = default;
};

// Where the elements of a tensor are: those on a device count, where there are any.
struct Place {
  std::byte* host;
  const DeviceTensor* device = nullptr;
};

struct Copy {
  Place from;  // nowhere for zeros
  Place to;
  int64_t bytes;
};

// A program with its memory on a device, which is loaded once and run many times.
class Executable {
 public:
  virtual ~Executable() = default;

  virtual const Program& program() const = 0;
  // That it holds, on the host and on the device. May be called while a run is going on.
  virtual int64_t bytes() const = 0;

  // Runs the prologue once and the body for each step. One run at a time.
  // `tensors[i]` is where binding i begins, long enough for `steps` steps. Stops when asked to, but only where the
  // bindings hold the result of a whole number of steps; returns that number. After none, bindings that are only
  // written hold anything. Throws Error from a kernel; the step in
  // progress is then incomplete.
  // `seconds` is empty, or has one element for each instruction of the prologue and then of the body, to which the time
  // spent in it is added.
  virtual int32_t run(std::span<const Place> tensors, int32_t steps, const Control& control,
                      std::span<double> seconds) = 0;

  // How long so many steps should take, where a run may be executed on any thread; none where it may not, or where that
  // is not known.
  virtual std::optional<std::chrono::nanoseconds> expected_time(int32_t steps) const = 0;
};

// A device.
class Engine {
 public:
  virtual ~Engine() = default;

  virtual DeviceInfo info() const = 0;

  // Gives a program memory; copies the constants, which are those that it was decoded with. Throws LIMIT_EXCEEDED when
  // there is not enough memory.
  virtual std::shared_ptr<Executable> load(Program program, std::span<const std::byte> constants) const = 0;

  // Memory for a tensor that stays on the device; null where the device computes in the host's memory. Throws
  // LIMIT_EXCEEDED when there is not enough left.
  virtual std::shared_ptr<DeviceTensor> allocate(int64_t) const { return nullptr; }
  // Carries them out one after the other, on the executor's thread; what goes to the host is there when it returns.
  virtual void copy(std::span<const Copy>) const {}

  // What the executor's thread holds from its first job to its end, as OpenMP's team. Called on that thread, where it
  // is also let go.
  virtual std::shared_ptr<void> enter() const = 0;
};

}  // namespace bilevel
