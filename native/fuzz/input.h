// What a fuzzer works on: an encoded program as bytes. The first four bytes are the number of words, which follow; what
// is left are the constants.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace bilevel::fuzz {

struct Input {
  std::vector<double> words;
  std::vector<std::byte> constants;
};

Input read_input(std::span<const uint8_t> bytes);
std::vector<uint8_t> write_input(std::span<const double> words, std::span<const std::byte> constants);

}  // namespace bilevel::fuzz
