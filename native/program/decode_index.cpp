// Instructions that move elements to or from computed places, and the random source.
#include "program/decode_instruction.h"
#include "program/limits.h"

namespace bilevel {
namespace {

int64_t size(WordReader& words, const char* name, int64_t low = 0) { return words.limited(name, low, kMaxElements); }

// Gather or ScatterAdd: x has `x_axis` positions along the indexed axis, y has `y_axis`.
template <typename T>
T decode_along_axis(InstructionReader& reader, int64_t T::*x_axis, int64_t T::*y_axis, DTypes dtypes) {
  WordReader& words = reader.words;
  T moved{};
  moved.outer = size(words, "outer");
  moved.size = size(words, "size");
  moved.inner = size(words, "inner");
  moved.count = size(words, "count");
  const auto volume = [&](const char* field, int64_t axis) {
    return words.volume(field, {moved.outer, axis, moved.inner});
  };
  moved.x = reader.whole("bufferX", Use::kRead, dtypes, volume("bufferX", moved.*x_axis));
  moved.indices = reader.whole("bufferIndices", Use::kRead, kIndexTypes, moved.count);
  const DType same = reader.dtype(moved.x);
  moved.y = reader.whole("bufferY", Use::kWrite, {&same, 1}, volume("bufferY", moved.*y_axis));
  return moved;
}

// GatherElements or ScatterAddElements.
template <typename T>
T decode_within_rows(InstructionReader& reader, int64_t T::*x_axis, int64_t T::*y_axis, DTypes dtypes) {
  WordReader& words = reader.words;
  T moved{};
  moved.rows = size(words, "rows");
  moved.size = size(words, "size");
  moved.count = size(words, "count");
  const auto volume = [&](const char* field, int64_t axis) { return words.volume(field, {moved.rows, axis}); };
  moved.x = reader.whole("bufferX", Use::kRead, dtypes, volume("bufferX", moved.*x_axis));
  moved.indices = reader.whole("bufferIndices", Use::kRead, kIndexTypes, volume("bufferIndices", moved.count));
  const DType same = reader.dtype(moved.x);
  moved.y = reader.whole("bufferY", Use::kWrite, {&same, 1}, volume("bufferY", moved.*y_axis));
  return moved;
}

}  // namespace

Gather decode_gather(InstructionReader& reader) {
  return decode_along_axis<Gather>(reader, &Gather::size, &Gather::count, kAnyType);
}

ScatterAdd decode_scatter_add(InstructionReader& reader) {
  return decode_along_axis<ScatterAdd>(reader, &ScatterAdd::count, &ScatterAdd::size, kFloat32Only);
}

GatherElements decode_gather_elements(InstructionReader& reader) {
  return decode_within_rows<GatherElements>(reader, &GatherElements::size, &GatherElements::count, kAnyType);
}

ScatterAddElements decode_scatter_add_elements(InstructionReader& reader) {
  return decode_within_rows<ScatterAddElements>(reader, &ScatterAddElements::count, &ScatterAddElements::size,
                                                kFloat32Only);
}

SetRows decode_set_rows(InstructionReader& reader) {
  WordReader& words = reader.words;
  SetRows set{};
  set.size = size(words, "size");
  set.inner = size(words, "inner");
  set.count = size(words, "count");
  const int64_t whole = words.volume("bufferTarget", {set.size, set.inner});
  set.target = reader.whole("bufferTarget", Use::kRead, kAnyType, whole);
  reader.allow_in_place();
  set.indices = reader.whole("bufferIndices", Use::kRead, kIndexTypes, set.count);
  const DType same = reader.dtype(set.target);
  set.rows = reader.whole("bufferRows", Use::kRead, {&same, 1}, words.volume("bufferRows", {set.count, set.inner}));
  set.y = reader.whole("bufferY", Use::kWrite, {&same, 1}, whole);
  return set;
}

ArgMax decode_arg_max(InstructionReader& reader) {
  WordReader& words = reader.words;
  ArgMax arg_max{};
  arg_max.outer = size(words, "outer");
  arg_max.size = size(words, "size", 1);
  arg_max.inner = size(words, "inner");
  arg_max.x = reader.whole("bufferX", Use::kRead, kFloat32Only,
                           words.volume("bufferX", {arg_max.outer, arg_max.size, arg_max.inner}));
  arg_max.y = reader.whole("bufferY", Use::kWrite, kInt64Only, words.volume("bufferY", {arg_max.outer, arg_max.inner}));
  return arg_max;
}

RandomUniform decode_random_uniform(InstructionReader& reader) {
  RandomUniform random{};
  random.count = size(reader.words, "count");
  random.key = reader.whole("bufferKey", Use::kRead, kInt32Only, 2);
  random.y = reader.whole("bufferY", Use::kWrite, kFloat32Only, random.count);
  return random;
}

}  // namespace bilevel
