// One decoder per family of instructions: each reads the words of docs/program-format.md in their order and checks
// them.
#pragma once

#include "program/instruction_reader.h"

namespace bilevel {

Fused decode_fused(InstructionReader& reader);
Matmul decode_matmul(InstructionReader& reader);
Conv decode_conv(InstructionReader& reader, ConvDirection direction);
Pool decode_pool(InstructionReader& reader, PoolKind kind);
Gather decode_gather(InstructionReader& reader);
ScatterAdd decode_scatter_add(InstructionReader& reader);
GatherElements decode_gather_elements(InstructionReader& reader);
ScatterAddElements decode_scatter_add_elements(InstructionReader& reader);
SetRows decode_set_rows(InstructionReader& reader);
ArgMax decode_arg_max(InstructionReader& reader);
RandomUniform decode_random_uniform(InstructionReader& reader);
AllReduce decode_all_reduce(InstructionReader& reader);
WarpAffine decode_warp_affine(InstructionReader& reader, bool transposed);
SparseMatmul decode_sparse_matmul(InstructionReader& reader);
SampledMatmul decode_sampled_matmul(InstructionReader& reader);

}  // namespace bilevel
