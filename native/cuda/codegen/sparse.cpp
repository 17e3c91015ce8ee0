// Products with sparse matrices. Wrong indices and extents go to the record of the instruction.
#include "cuda/codegen/kernel_text.h"
#include "cuda/codegen/operations.h"

namespace bilevel::cuda {
namespace {

template <typename Product>
void add_sizes(KernelText& text, const Product& product) {
  text.wrong_index();
  text.size("kBatch", product.batch);
  text.size("kRows", product.rows);
  text.size("kSize", product.size);
  text.size("kColumns", product.columns);
  text.size("kEntries", product.entries);
}

}  // namespace

std::vector<Kernel> generate_sparse_matmul(const Program& program, const SparseMatmul& product) {
  const int64_t results = product.batch * (product.transpose ? product.size : product.rows) * product.columns;
  if (results == 0) return {};
  KernelText text("sparse.cuh");
  text.operand(program, "values", product.values);
  text.operand(program, "indices", product.indices);
  text.operand(program, "extents", product.extents);
  text.operand(program, "x", product.x);
  text.result(program, "y", product.y);
  add_sizes(text, product);
  if (!product.transpose) return {text.call_threads("sparse_matmul", results)};
  // Every thread goes through all entries, so that many results of a thread spare most of that.
  constexpr int64_t kShare = 64;
  text.size("kShare", kShare);
  return {text.call_threads("sparse_matmul_transposed",
                            product.batch * ceil_divide(product.size, kShare) * product.columns)};
}

std::vector<Kernel> generate_sampled_matmul(const Program& program, const SampledMatmul& product) {
  if (product.entries == 0) return {};
  KernelText text("sparse.cuh");
  text.operand(program, "indices", product.indices);
  text.operand(program, "extents", product.extents);
  text.operand(program, "a", product.a);
  text.operand(program, "b", product.b);
  text.result(program, "values", product.values);
  add_sizes(text, product);
  return {text.call_threads("sampled_matmul", product.entries)};
}

}  // namespace bilevel::cuda
