// Products with sparse matrices.
#include "program/decode_instruction.h"
#include "program/limits.h"

namespace bilevel {
namespace {

// The sizes that both have, in their order.
template <typename T>
void read_sizes(WordReader& words, T& product) {
  for (auto [name, size] : {std::pair{"batch", &product.batch},
                            {"rows", &product.rows},
                            {"size", &product.size},
                            {"columns", &product.columns},
                            {"entries", &product.entries}}) {
    *size = words.limited(name, 0, kMaxDimension);
  }
}

template <typename T>
void read_places(InstructionReader& reader, T& product) {
  product.indices = reader.whole("bufferIndices", Use::kRead, kInt32Only, product.entries);
  product.extents = reader.whole("bufferExtents", Use::kRead, kInt32Only,
                                 reader.words.volume("bufferExtents", {product.batch, product.rows, 2}));
}

}  // namespace

SparseMatmul decode_sparse_matmul(InstructionReader& reader) {
  WordReader& words = reader.words;
  SparseMatmul product{};
  read_sizes(words, product);
  product.transpose = words.flag("transpose");
  const auto dense = [&](const char* field, Use use, int64_t axis) {
    return reader.whole(field, use, kFloat32Only, words.volume(field, {product.batch, axis, product.columns}));
  };
  product.values = reader.whole("bufferValues", Use::kRead, kFloat32Only, product.entries);
  read_places(reader, product);
  product.x = dense("bufferX", Use::kRead, product.transpose ? product.rows : product.size);
  product.y = dense("bufferY", Use::kWrite, product.transpose ? product.size : product.rows);
  return product;
}

SampledMatmul decode_sampled_matmul(InstructionReader& reader) {
  WordReader& words = reader.words;
  SampledMatmul product{};
  read_sizes(words, product);
  const auto dense = [&](const char* field, int64_t axis) {
    return reader.whole(field, Use::kRead, kFloat32Only, words.volume(field, {product.batch, axis, product.columns}));
  };
  read_places(reader, product);
  product.a = dense("bufferA", product.rows);
  product.b = dense("bufferB", product.size);
  product.values = reader.whole("bufferValues", Use::kWrite, kFloat32Only, product.entries);
  return product;
}

}  // namespace bilevel
