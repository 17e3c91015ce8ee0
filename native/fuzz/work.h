// How much a program has to do, so that a fuzzer runs only what is quick.
#pragma once

#include "program/program.h"

namespace bilevel::fuzz {

// Elements that a run of one step visits, about; in doubles, which do not overflow.
double work_of(const Program& program);

// Bytes of arena and bindings.
double bytes_of(const Program& program);

}  // namespace bilevel::fuzz
