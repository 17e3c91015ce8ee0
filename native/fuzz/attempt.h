// One try of the decoder and verifier, with a run of what they accept.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "fuzz/input.h"

namespace bilevel::fuzz {

// "completed", "accepted" for a program that is not small enough to be run, or the code of the error. A code that a
// program cannot be refused with throws std::logic_error; the rest is for sanitizers to see.
std::string attempt(const Input& input);

// Changes words as words: their bytes are those of doubles, of which most changes make no integer.
void damage(std::vector<double>& words, std::minstd_rand& random);

}  // namespace bilevel::fuzz
