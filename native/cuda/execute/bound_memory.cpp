#include "cuda/execute/bound_memory.h"

#include <algorithm>
#include <utility>

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

BoundMemory::BoundMemory(std::shared_ptr<const DeviceContext> context, const Program& program, size_t records,
                         std::span<const DevicePointer> kept)
    : context_(std::move(context)), records_(records), addresses_(kept.begin(), kept.end()), fixed_({}), rows_({}) {
  const std::vector<size_t> per_step = per_step_bindings(program);
  step_table_.resize(kStepTableHead + per_step.size());
  for (size_t i = 0; i < per_step.size(); ++i) {
    const size_t binding = per_step[i], place = kStepTableHead + i;
    step_table_[place] = kept[binding];
    if (kept[binding] != 0) continue;
    stepped_.push_back(binding);
    step_table_places_.push_back(place);
    row_arrays_.push_back(carried(program, binding));
  }
  std::vector<Carried> fixed;
  for (size_t i = 0; i < program.bindings.size(); ++i) {
    if (program.bindings[i].per_step || kept[i] != 0) continue;
    unstepped_.push_back(i);
    fixed.push_back(carried(program, i));
  }
  fixed.insert(fixed.end(), records, {static_cast<int64_t>(sizeof(WrongIndexRecord)), true, true});
  fixed.push_back({static_cast<int64_t>(step_table_.size() * sizeof(uint64_t)), true, false});
  fixed_ = Transfer(std::move(fixed));
  for (const size_t binding : per_step) place_bytes_ += aligned(bytes_of(program.bindings[binding]));

  memory_ = allocate(context_, fixed_.bytes() + place_bytes_);
  pinned_ = allocate_pinned(context_, fixed_.pinned_bytes());
  for (size_t i = 0; i < unstepped_.size(); ++i) addresses_[unstepped_[i]] = fixed_address(i);
  DevicePointer place = memory_.get() + static_cast<DevicePointer>(fixed_.bytes());
  for (const size_t binding : per_step) {
    addresses_[binding] = place;
    place += static_cast<DevicePointer>(aligned(bytes_of(program.bindings[binding])));
  }
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

void BoundMemory::send(Queue& queue, std::span<const Place> tensors, int32_t steps) {
  reserve_rows(steps);
  std::fill(records_.begin(), records_.end(), kNoWrongIndex);
  std::fill_n(step_table_.begin(), kStepTableHead, 0);
  fixed_hosts_.clear();
  for (const size_t binding : unstepped_) fixed_hosts_.push_back(tensors[binding].host);
  for (WrongIndexRecord& record : records_) fixed_hosts_.push_back(reinterpret_cast<std::byte*>(record.data()));
  fixed_hosts_.push_back(reinterpret_cast<std::byte*>(step_table_.data()));
  row_hosts_.clear();
  for (size_t i = 0; i < stepped_.size(); ++i) {
    row_hosts_.push_back(tensors[stepped_[i]].host);
    step_table_[step_table_places_[i]] = row_memory_.get() + static_cast<DevicePointer>(rows_.place(i));
  }
  fixed_.send(queue, fixed_hosts_, static_cast<std::byte*>(pinned_.get()), memory_.get());
  rows_.send(queue, row_hosts_, static_cast<std::byte*>(pinned_rows_.get()), row_memory_.get());
}

void BoundMemory::fetch(Queue& queue, int32_t completed) {
  fixed_.fetch(queue, fixed_hosts_, static_cast<std::byte*>(pinned_.get()), memory_.get(), 1);
  rows_.fetch(queue, row_hosts_, static_cast<std::byte*>(pinned_rows_.get()), row_memory_.get(), completed);
}

void BoundMemory::unpack(int32_t completed) {
  fixed_.unpack(fixed_hosts_, static_cast<const std::byte*>(pinned_.get()), 1);
  rows_.unpack(row_hosts_, static_cast<const std::byte*>(pinned_rows_.get()), completed);
}

}  // namespace bilevel::cuda
