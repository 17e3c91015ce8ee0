// Small valid programs that together use every opcode, for tests that damage them.
#pragma once

#include <vector>

#include "test/support/encoder.h"

namespace bilevel::test {

// Every opcode occurs, and every binding is per step or not, read, written or updated in one of them.
std::vector<Encoder> sample_programs();

}  // namespace bilevel::test
