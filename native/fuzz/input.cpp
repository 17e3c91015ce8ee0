#include "fuzz/input.h"

#include <algorithm>
#include <cstring>

namespace bilevel::fuzz {

Input read_input(std::span<const uint8_t> bytes) {
  Input input;
  uint32_t count = 0;
  if (bytes.size() < sizeof count) return input;
  std::memcpy(&count, bytes.data(), sizeof count);
  bytes = bytes.subspan(sizeof count);
  input.words.resize(std::min<size_t>(count, bytes.size() / sizeof(double)));
  const size_t word_bytes = input.words.size() * sizeof(double);
  if (word_bytes > 0) std::memcpy(input.words.data(), bytes.data(), word_bytes);
  const auto rest = std::as_bytes(bytes.subspan(word_bytes));
  input.constants.assign(rest.begin(), rest.end());
  return input;
}

std::vector<uint8_t> write_input(std::span<const double> words, std::span<const std::byte> constants) {
  const auto count = static_cast<uint32_t>(words.size());
  std::vector<uint8_t> bytes(sizeof count + words.size_bytes() + constants.size());
  std::memcpy(bytes.data(), &count, sizeof count);
  if (!words.empty()) std::memcpy(bytes.data() + sizeof count, words.data(), words.size_bytes());
  if (!constants.empty()) {
    std::memcpy(bytes.data() + sizeof count + words.size_bytes(), constants.data(), constants.size());
  }
  return bytes;
}

}  // namespace bilevel::fuzz
