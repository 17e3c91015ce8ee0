#include "program/instruction_reader.h"

#include <algorithm>
#include <string>

#include "program/checked.h"
#include "program/limits.h"

namespace bilevel {
namespace {

std::string names(DTypes dtypes) {
  std::string text;
  for (const DType dtype : dtypes) {
    if (!text.empty()) text += " or ";
    text += kDTypeNames[static_cast<size_t>(dtype)];
  }
  return text;
}

}  // namespace

int32_t InstructionReader::whole(Field field, Use use, DTypes dtypes, int64_t count) {
  const int32_t index = buffer(field, use, dtypes);
  const int64_t actual = program_.buffers[static_cast<size_t>(index)].element_count;
  if (actual != count) {
    words.refuse(field, "buffer " + std::to_string(index) + " has " + std::to_string(actual) +
                            " elements but the sizes ask for " + std::to_string(count));
  }
  touch(field, use, index, 0, count);
  return index;
}

InstructionReader::Block InstructionReader::block(Field buffer_field, Field offset_field, Use use, DTypes dtypes,
                                                  int64_t count) {
  const int32_t index = buffer(buffer_field, use, dtypes);
  const int64_t actual = program_.buffers[static_cast<size_t>(index)].element_count;
  const int64_t offset = words.integer(offset_field, 0, actual);
  if (count > actual - offset) {
    words.refuse(offset_field, std::to_string(count) + " elements from " + std::to_string(offset) +
                                   " do not fit buffer " + std::to_string(index) + " of " + std::to_string(actual));
  }
  touch(buffer_field, use, index, offset, count);
  return {index, offset};
}

View InstructionReader::view(Field field, Use use, std::span<const int64_t> sizes, size_t reduced_begin,
                             size_t reduced_end) {
  View view{.buffer = buffer(field, use, kAnyType), .offset = 0, .strides = std::vector<int64_t>(sizes.size())};
  const Buffer& target = program_.buffers[static_cast<size_t>(view.buffer)];
  view.offset = words.integer({"offset", field.index}, 0, target.element_count);

  int64_t smallest = view.offset, largest = view.offset;
  bool fits = true, empty = false, repeats = false;
  for (size_t d = 0; d < sizes.size(); ++d) {
    const int64_t stride = words.integer({"stride", static_cast<int64_t>(d)}, -kMaxElements, kMaxElements);
    view.strides[d] = stride;
    if (d >= reduced_begin && d < reduced_end) {
      if (stride != 0) words.refuse(field, "the stride of a reduced dimension must be 0 in an output");
      continue;
    }
    empty |= sizes[d] == 0;
    if (sizes[d] < 2) continue;
    if (stride == 0) {
      repeats = true;
      continue;
    }
    int64_t reach = 0;
    fits = fits && checked_multiply(sizes[d] - 1, stride, reach) &&
           (stride > 0 ? checked_add(largest, reach, largest) : checked_add(smallest, reach, smallest));
  }
  if (empty) return view;  // touches nothing
  if (!fits || smallest < 0 || largest >= target.element_count) {
    words.refuse(field, "the view leaves buffer " + std::to_string(view.buffer) + " of " +
                            std::to_string(target.element_count) + " elements");
  }
  Footprint footprint = footprint_of(target, view, sizes);
  if (use == Use::kWrite && (repeats || !is_injective(footprint))) {
    words.refuse(field, "the view writes an element more than once");
  }
  operands_.push_back({field, reduced_begin == reduced_end, {use == Use::kWrite, std::move(footprint)}});
  return view;
}

std::vector<Touched> InstructionReader::take_touched() {
  for (const Operand& written : operands_) {
    if (!written.touched.written) continue;
    for (const Operand& other : operands_) {
      const Footprint &to = written.touched.footprint, &of = other.touched.footprint;
      if (&other == &written || are_disjoint(to, of)) continue;
      const bool in_place = !other.touched.written && written.in_place && other.in_place;
      if (in_place && are_identical(to, of)) continue;
      words.refuse(written.field, "it is written over the memory of " + other.field.text());
    }
  }
  std::vector<Touched> touched;
  touched.reserve(operands_.size());
  for (Operand& operand : operands_) touched.push_back(std::move(operand.touched));
  return touched;
}

int32_t InstructionReader::buffer(Field field, Use use, DTypes dtypes) {
  const auto index = words.integer(field, 0, static_cast<int64_t>(program_.buffers.size()) - 1);
  const Buffer& buffer = program_.buffers[static_cast<size_t>(index)];
  if (std::find(dtypes.begin(), dtypes.end(), buffer.dtype) == dtypes.end()) {
    words.refuse(field, "buffer " + std::to_string(index) + " is " +
                            std::string(kDTypeNames[static_cast<size_t>(buffer.dtype)]) + " but must be " +
                            names(dtypes));
  }
  if (buffer.kind == BufferKind::kConstant && use == Use::kWrite) {
    words.refuse(field, "buffer " + std::to_string(index) + " is a constant and cannot be written");
  }
  if (buffer.kind == BufferKind::kBinding) check_access(field, use, buffer.where);
  return static_cast<int32_t>(index);
}

void InstructionReader::check_access(Field field, Use use, int64_t index) {
  const Binding& binding = program_.bindings[static_cast<size_t>(index)];
  const std::string name = "binding " + std::to_string(index);
  const bool writes = use == Use::kWrite;
  if (binding.access == (writes ? Access::kRead : Access::kWrite)) {
    words.refuse(field, name + (writes ? " is only for reading" : " is only for writing"));
  }
  if (in_prologue_ && binding.per_step) words.refuse(field, "the prologue cannot use " + name + ", which is per step");
  writes_binding_ |= writes;
  updates_binding_ |= writes && binding.access == Access::kReadWrite;
}

void InstructionReader::touch(Field field, Use use, int32_t index, int64_t offset, int64_t count) {
  Footprint footprint = footprint_of(program_.buffers[static_cast<size_t>(index)]);
  footprint.begin += offset * footprint.width;
  footprint.start = footprint.begin;
  footprint.width *= count;
  footprint.end = footprint.begin + footprint.width;
  operands_.push_back({field, use == Use::kWrite, {use == Use::kWrite, std::move(footprint)}});
}

}  // namespace bilevel
