// Zeroed tensors and a control block for one run of a program.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/engine.h"

namespace bilevel::test {

class BoundRun {
 public:
  BoundRun(const Program& program, int32_t steps) : steps_(steps) {
    for (const Binding& binding : program.bindings) {
      const int64_t bytes = binding.element_count * kDTypeBytes[static_cast<size_t>(binding.dtype)];
      memory_.emplace_back(static_cast<size_t>(bytes * (binding.per_step ? steps : 1)));
      tensors_.push_back({memory_.back().data()});
    }
  }

  int32_t execute(Executable& executable, std::span<double> seconds = {}) {
    return executable.run(tensors_, steps_, Control(control.data(), cancelled), seconds);
  }
  template <typename T>
  T* at(size_t binding) {
    return reinterpret_cast<T*>(tensors_[binding].host);
  }
  // That the device has the tensor of a binding there from now on.
  void keep(size_t binding, const DeviceTensor& tensor) { tensors_[binding].device = &tensor; }
  const std::vector<std::vector<std::byte>>& memory() const { return memory_; }

  std::array<int32_t, 2> control{};
  std::atomic<bool> cancelled = false;

 private:
  int32_t steps_;
  std::vector<std::vector<std::byte>> memory_;
  std::vector<Place> tensors_;
};

}  // namespace bilevel::test
