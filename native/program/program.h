// A decoded and verified program. Every range, dtype and count has been checked by decode(): the engines execute these
// structs without further checks, except for the values of index tensors, which are data.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "program/footprint.h"
#include "program/format.h"

namespace bilevel {

struct Binding {
  DType dtype;
  int64_t element_count;  // of one step
  Access access;
  bool per_step;
};

struct Buffer {
  BufferKind kind;
  int64_t where;  // byte offset (arena, constant) or binding index
  DType dtype;
  int64_t element_count;
};

inline constexpr int kMaxRank = 12;
inline constexpr int kMaxRegisters = 256;

struct View {
  int32_t buffer;
  int64_t offset;
  std::vector<int64_t> strides;
};

struct TapeStep {
  TapeOp op;
  int32_t destination, a, b, c;
  double immediate;
};

struct FusedOutput {
  OutputMode mode;
  int32_t register_index;
  View view;
};

struct Fused {
  int32_t outer, reduced;  // the remaining dimensions are inner
  std::vector<int64_t> sizes;
  std::vector<View> operands;
  std::vector<TapeStep> tape;
  std::vector<FusedOutput> outputs;
};

struct Matmul {
  int64_t batch, m, n, k;
  bool transpose_a, transpose_b;
  int32_t a;
  int64_t offset_a;
  int32_t b;
  int64_t offset_b;
  int32_t c;
  int64_t offset_c;
};

using Spatial = std::array<int64_t, 2>;  // entries beyond spatial_rank are unused

enum class ConvDirection : uint8_t { kForward, kInputGradient, kFilterGradient };

struct Conv {
  ConvDirection direction;
  int32_t spatial_rank;
  int64_t batch, input_channels, output_channels, groups;
  Spatial input, kernel, output, stride, dilation, pad_low, pad_high;
  int32_t x, w, y;
};

enum class PoolKind : uint8_t { kMax, kAverage, kAverageGradient };

struct Pool {
  PoolKind kind;
  int32_t spatial_rank;
  int64_t planes;
  Spatial input, kernel, output, stride, dilation, pad_low, pad_high;
  bool count_include_pad;        // of averages
  std::optional<int32_t> scale;  // of maxima, as the next
  int32_t indices;
  int32_t x, y;
};

struct Gather {
  int64_t outer, size, inner, count;
  int32_t x, indices, y;
};
struct ScatterAdd {
  int64_t outer, size, inner, count;
  int32_t x, indices, y;
};
struct GatherElements {
  int64_t rows, size, count;
  int32_t x, indices, y;
};
struct ScatterAddElements {
  int64_t rows, size, count;
  int32_t x, indices, y;
};
struct SetRows {
  int64_t size, inner, count;
  int32_t target, indices, rows, y;
};
struct ArgMax {
  int64_t outer, size, inner;
  int32_t x, y;
};
struct RandomUniform {
  int64_t count;
  int32_t key, y;
};
struct WarpAffine {
  bool transposed;  // x is computed from y
  int64_t batch, channels;
  Spatial input, output;
  int32_t x, table, y;
};

// Products with a sparse matrix [rows, size] whose row r has the entries values[k] in the columns indices[k], k from
// extents[r, 0] on, extents[r, 1] in all.
struct SparseMatmul {
  bool transpose;
  int64_t batch, rows, size, columns, entries;
  int32_t values, indices, extents, x, y;
};
struct SampledMatmul {
  int64_t batch, rows, size, columns, entries;
  int32_t indices, extents, a, b, values;
};

// The sum of what each of the processes that compute together has, the same on all of them.
struct AllReduce {
  int64_t count;
  int32_t x, y;
};

using Operation = std::variant<Fused, Matmul, Conv, Pool, Gather, ScatterAdd, GatherElements, ScatterAddElements,
                               SetRows, ArgMax, RandomUniform, WarpAffine, SparseMatmul, SampledMatmul, AllReduce>;

// Memory that an instruction reads or writes through one of its operands.
struct Touched {
  bool written;
  Footprint footprint;
};

struct Instruction {
  Operation operation;
  // Through each operand in the order of the format, but for views over no elements.
  std::vector<Touched> touched;
};

struct Program {
  int64_t arena_bytes = 0;
  int64_t constant_bytes = 0;
  std::vector<Binding> bindings;
  std::vector<Buffer> buffers;
  std::vector<Instruction> prologue;  // once per run
  std::vector<Instruction> body;      // once per step
  // Index in `body` of the first instruction that writes a binding: until it runs, a step can be given up.
  std::optional<size_t> first_binding_write;
  // The same of bindings that are read too: until it runs, the first step of a run can be given up, whose other results
  // nobody has yet.
  std::optional<size_t> first_binding_update;

  size_t instruction_count() const { return prologue.size() + body.size(); }
};

// Decodes and verifies a program with so many bytes of constants. Throws Error with code INVALID_PROGRAM or
// LIMIT_EXCEEDED, naming the instruction and the field.
Program decode(std::span<const double> words, int64_t constant_bytes);

}  // namespace bilevel
