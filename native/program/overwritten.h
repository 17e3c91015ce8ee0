// Whether what a binding held before matters.
#pragma once

#include <cstddef>

#include "program/program.h"

namespace bilevel {

// True when one instruction of the step writes all elements of the binding, whatever the others do.
bool is_overwritten(const Program& program, size_t binding);

}  // namespace bilevel
