// Operations by index tensors, and argMax. Wrong indices go to the record of the instruction.
#include <utility>

#include "cuda/codegen/kernel_text.h"
#include "cuda/codegen/operations.h"

namespace bilevel::cuda {
namespace {

bool is_same_memory(const Program& program, int32_t a, int32_t b) {
  const Buffer &first = program.buffers[static_cast<size_t>(a)], &second = program.buffers[static_cast<size_t>(b)];
  return first.kind == second.kind && first.where == second.where;
}

// What all operations that read or add at indices are told: their tensors, the record, the length of the axis and how
// many indices there are.
template <typename Operation>
KernelText at_indices(const char* file, const Program& program, const Operation& operation) {
  KernelText text(file);
  text.operand(program, "x", operation.x);
  text.operand(program, "indices", operation.indices);
  text.result(program, "y", operation.y);
  text.wrong_index();
  text.size("kSize", operation.size);
  text.size("kCount", operation.count);
  return text;
}

Kernel zeros(const Program& program, int32_t y, int64_t elements) {
  KernelText text("scatter.cuh");
  text.result(program, "y", y);
  return text.call_threads("zeros", elements);
}

}  // namespace

std::vector<Kernel> generate_gather(const Program& program, const Gather& gather) {
  const int64_t elements = gather.outer * gather.count * gather.inner;
  if (elements == 0) return {};
  KernelText text = at_indices("gather.cuh", program, gather);
  text.size("kInner", gather.inner);
  return {text.call_threads("gather", elements)};
}

std::vector<Kernel> generate_gather_elements(const Program& program, const GatherElements& gather) {
  const int64_t elements = gather.rows * gather.count;
  if (elements == 0) return {};
  KernelText text = at_indices("gather.cuh", program, gather);
  return {text.call_threads("gather_elements", elements)};
}

std::vector<Kernel> generate_set_rows(const Program& program, const SetRows& rows) {
  std::vector<Kernel> kernels;
  if (rows.size * rows.inner > 0 && !is_same_memory(program, rows.target, rows.y)) {
    KernelText text("gather.cuh");
    text.operand(program, "x", rows.target);
    text.result(program, "y", rows.y);
    kernels.push_back(text.call_threads("copy", rows.size * rows.inner));
  }
  if (rows.count * rows.inner > 0) {
    KernelText text("gather.cuh");
    text.operand(program, "indices", rows.indices);
    text.operand(program, "rows", rows.rows);
    text.result(program, "y", rows.y);
    text.wrong_index();
    text.size("kSize", rows.size);
    text.size("kInner", rows.inner);
    text.size("kCount", rows.count);
    kernels.push_back(text.call_threads("set_rows", rows.count * rows.inner));
  }
  return kernels;
}

std::vector<Kernel> generate_scatter_add(const Program& program, const ScatterAdd& scatter) {
  std::vector<Kernel> kernels;
  const int64_t results = scatter.outer * scatter.size * scatter.inner;
  const int64_t elements = scatter.outer * scatter.count * scatter.inner;
  if (results > 0) kernels.push_back(zeros(program, scatter.y, results));
  if (elements > 0) {
    KernelText text = at_indices("scatter.cuh", program, scatter);
    text.size("kInner", scatter.inner);
    kernels.push_back(text.call_threads("scatter_add", elements));
  }
  return kernels;
}

std::vector<Kernel> generate_scatter_add_elements(const Program& program, const ScatterAddElements& scatter) {
  std::vector<Kernel> kernels;
  if (scatter.rows * scatter.size > 0) kernels.push_back(zeros(program, scatter.y, scatter.rows * scatter.size));
  if (scatter.rows * scatter.count > 0) {
    KernelText text = at_indices("scatter.cuh", program, scatter);
    text.size("kRows", scatter.rows);
    constexpr int64_t kRowsOfABlock = kThreads / 32;
    kernels.push_back(text.call_blocks("scatter_add_elements", ceil_divide(scatter.rows, kRowsOfABlock)));
  }
  return kernels;
}

std::vector<Kernel> generate_arg_max(const Program& program, const ArgMax& arg_max) {
  const int64_t elements = arg_max.outer * arg_max.inner;
  if (elements == 0) return {};
  KernelText text("arg_max.cuh");
  text.operand(program, "x", arg_max.x);
  text.result(program, "y", arg_max.y);
  text.size("kSize", arg_max.size);
  text.size("kInner", arg_max.inner);
  return {text.call_threads("arg_max", elements)};
}

}  // namespace bilevel::cuda
