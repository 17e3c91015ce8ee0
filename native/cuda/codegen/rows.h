// The kernels that a step of a program with per-step bindings begins and ends with (kernels/rows.cuh).
#pragma once

#include <cstddef>
#include <vector>

#include "cuda/codegen/kernel.h"
#include "program/program.h"

namespace bilevel::cuda {

// The per-step bindings, in the order in which the step table has their first rows.
std::vector<size_t> per_step_bindings(const Program& program);

// Words of the step table before the addresses of the rows.
inline constexpr size_t kStepTableHead = 2;

// For programs with per-step bindings; `is_read`: of each binding, whether the step needs what its row holds.
Kernel generate_begin_step(const Program& program, const std::vector<bool>& is_read);
Kernel generate_end_step(const Program& program);

}  // namespace bilevel::cuda
