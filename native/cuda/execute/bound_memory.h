// The memory of a program's bindings on the device.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "cuda/codegen/wrong_index.h"
#include "cuda/context/memory.h"
#include "cuda/execute/transfer.h"
#include "engine/engine.h"
#include "program/program.h"

namespace bilevel::cuda {

// What a binding held before a run must be sent.
bool is_sent(const Program& program, size_t binding);

// At fixed addresses lie all bindings that are not per step, what kernels record of wrong indices, the step table, and
// of each per-step binding the row of the step under way. The rows of all steps are elsewhere, in memory that grows.
// Nothing is moved of tensors that stay on the device, and they need no memory here.
class BoundMemory {
 public:
  // `records`: of wrong indices; `kept`: of every binding where its tensor stays on the device, or 0. The calling
  // thread is in the context's scope, as for send(). Throws as allocate() does.
  BoundMemory(std::shared_ptr<const DeviceContext> context, const Program& program, size_t records,
              std::span<const DevicePointer> kept);

  DevicePointer binding(size_t binding) const { return addresses_[binding]; }
  DevicePointer record(size_t record) const { return fixed_address(unstepped_.size() + record); }
  DevicePointer step_table() const { return fixed_address(unstepped_.size() + records_.size()); }

  // What a run of so many steps needs of `tensors`, to the device.
  void send(Queue& queue, std::span<const Place> tensors, int32_t steps);
  // What it has written in its first `completed` steps, and the records, back; unpack() completes that when the queue
  // is done.
  void fetch(Queue& queue, int32_t completed);
  void unpack(int32_t completed);
  const std::vector<WrongIndexRecord>& records() const { return records_; }

  // That it has taken, on the device and on the host.
  int64_t bytes() const {
    return fixed_.bytes() + place_bytes_ + fixed_.pinned_bytes() + row_capacity_ + pinned_row_capacity_;
  }

 private:
  DevicePointer fixed_address(size_t array) const {
    return memory_.get() + static_cast<DevicePointer>(fixed_.place(array));
  }
  void reserve_rows(int32_t steps);

  std::shared_ptr<const DeviceContext> context_;
  std::vector<size_t> unstepped_, stepped_;  // bindings whose tensors are the host's
  std::vector<Carried> row_arrays_;
  int64_t place_bytes_ = 0;  // of the rows of the step under way, which lie behind what is carried
  std::vector<WrongIndexRecord> records_;
  std::vector<uint64_t> step_table_;
  std::vector<size_t> step_table_places_;  // of `stepped_`
  std::vector<DevicePointer> addresses_;   // of the bindings

  OwnedMemory memory_;
  OwnedPinnedMemory pinned_;
  OwnedMemory row_memory_;
  OwnedPinnedMemory pinned_rows_;
  int64_t row_capacity_ = 0, pinned_row_capacity_ = 0;

  Transfer fixed_, rows_;
  int32_t steps_ = 0;                                // that rows_ is for
  std::vector<std::byte*> fixed_hosts_, row_hosts_;  // of the run
};

}  // namespace bilevel::cuda
