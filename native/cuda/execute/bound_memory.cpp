#include "cuda/execute/bound_memory.h"

#include <algorithm>

#include "cuda/codegen/rows.h"
#include "program/overwritten.h"

namespace bilevel::cuda {
namespace {

int64_t bytes_of(const Binding& binding) {
  return binding.element_count * kDTypeBytes[static_cast<size_t>(binding.dtype)];
}

Carried carried(const Program& program, size_t binding) {
  return {bytes_of(program.bindings[binding]), is_sent(program, binding),
          program.bindings[binding].access != Access::kRead};
}

}  // namespace

bool is_sent(const Program& program, size_t binding) {
  return program.bindings[binding].access != Access::kWrite || !is_overwritten(program, binding);
}

BoundMemory::BoundMemory(const Program& program, size_t records)
    : per_step_(per_step_bindings(program)),
      records_(records),
      step_table_(kStepTableHead + per_step_.size()),
      addresses_(program.bindings.size()),
      fixed_({}),
      rows_({}) {
  std::vector<Carried> fixed;
  for (size_t i = 0; i < program.bindings.size(); ++i) {
    if (program.bindings[i].per_step) {
      row_arrays_.push_back(carried(program, i));
    } else {
      unstepped_.push_back(i);
      fixed.push_back(carried(program, i));
    }
  }
  fixed.insert(fixed.end(), records, {static_cast<int64_t>(sizeof(WrongIndexRecord)), true, true});
  fixed.push_back({static_cast<int64_t>(step_table_.size() * sizeof(uint64_t)), true, false});
  fixed_ = Transfer(std::move(fixed));
  for (size_t i = 0; i < unstepped_.size(); ++i)
    addresses_[unstepped_[i]] = static_cast<DevicePointer>(fixed_.place(i));
  for (const size_t binding : per_step_) {
    addresses_[binding] = static_cast<DevicePointer>(bytes());
    place_bytes_ += aligned(bytes_of(program.bindings[binding]));
  }
}

void BoundMemory::place(const std::shared_ptr<const DeviceContext>& context, DevicePointer memory) {
  context_ = context;
  pinned_ = allocate_pinned(context, fixed_.pinned_bytes());
  memory_ = memory;
  for (DevicePointer& address : addresses_) address += memory;
}

void BoundMemory::reserve_rows(int32_t steps) {
  if (steps == steps_) return;
  steps_ = 0;
  rows_ = Transfer(row_arrays_, steps);
  if (rows_.bytes() > row_capacity_) {
    row_memory_.reset();
    row_capacity_ = 0;
    row_memory_ = allocate(context_, rows_.bytes());
    row_capacity_ = rows_.bytes();
  }
  if (rows_.pinned_bytes() > pinned_row_capacity_) {
    pinned_rows_.reset();
    pinned_row_capacity_ = 0;
    pinned_rows_ = allocate_pinned(context_, rows_.pinned_bytes());
    pinned_row_capacity_ = rows_.pinned_bytes();
  }
  steps_ = steps;
}

void BoundMemory::send(Queue& queue, std::span<std::byte* const> tensors, int32_t steps) {
  reserve_rows(steps);
  std::fill(records_.begin(), records_.end(), kNoWrongIndex);
  std::fill_n(step_table_.begin(), kStepTableHead, 0);
  fixed_hosts_.clear();
  for (const size_t binding : unstepped_) fixed_hosts_.push_back(tensors[binding]);
  for (WrongIndexRecord& record : records_) fixed_hosts_.push_back(reinterpret_cast<std::byte*>(record.data()));
  fixed_hosts_.push_back(reinterpret_cast<std::byte*>(step_table_.data()));
  row_hosts_.clear();
  for (size_t i = 0; i < per_step_.size(); ++i) {
    row_hosts_.push_back(tensors[per_step_[i]]);
    step_table_[kStepTableHead + i] = row_memory_.get() + static_cast<DevicePointer>(rows_.place(i));
  }
  fixed_.send(queue, fixed_hosts_, static_cast<std::byte*>(pinned_.get()), memory_);
  rows_.send(queue, row_hosts_, static_cast<std::byte*>(pinned_rows_.get()), row_memory_.get());
}

void BoundMemory::fetch(Queue& queue, int32_t completed) {
  fixed_.fetch(queue, fixed_hosts_, static_cast<std::byte*>(pinned_.get()), memory_, 1);
  rows_.fetch(queue, row_hosts_, static_cast<std::byte*>(pinned_rows_.get()), row_memory_.get(), completed);
}

void BoundMemory::unpack(int32_t completed) {
  fixed_.unpack(fixed_hosts_, static_cast<const std::byte*>(pinned_.get()), 1);
  rows_.unpack(row_hosts_, static_cast<const std::byte*>(pinned_rows_.get()), completed);
}

}  // namespace bilevel::cuda
