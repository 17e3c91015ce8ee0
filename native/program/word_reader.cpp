#include "program/word_reader.h"

#include <algorithm>
#include <cmath>

#include "program/checked.h"
#include "program/error.h"
#include "program/limits.h"

namespace bilevel {
namespace {

constexpr double kLargestExact = 9007199254740992.0;  // 2^53

std::string format(double word) {
  return std::abs(word) <= kLargestExact && word == std::floor(word) ? std::to_string(static_cast<int64_t>(word))
                                                                     : std::to_string(word);
}

}  // namespace

void WordReader::begin_section(std::string_view kind, int64_t index, std::string_view detail) {
  kind_ = kind;
  index_ = index;
  detail_ = detail;
}

int64_t WordReader::integer(Field field, int64_t low, int64_t high) {
  const int64_t value = exact(field);
  if (value < low || value > high) {
    refuse(field, "expected an integer from " + std::to_string(low) + " to " + std::to_string(high) + " but found " +
                      std::to_string(value));
  }
  return value;
}

int64_t WordReader::limited(Field field, int64_t low, int64_t limit) {
  const int64_t value = exact(field);
  if (value < low) refuse(field, "expected at least " + std::to_string(low) + " but found " + std::to_string(value));
  if (value > limit) refuse_limit(field, std::to_string(value) + " is above the limit of " + std::to_string(limit));
  return value;
}

double WordReader::real(Field field) { return next(field); }

int64_t WordReader::volume(Field field, std::span<const int64_t> sizes) const {
  int64_t product = 1;
  for (const int64_t size : sizes) {
    if (!checked_multiply(product, std::max<int64_t>(size, 1), product) || product > kMaxElements) {
      refuse_limit(field, "the product of the sizes is above the limit of " + std::to_string(kMaxElements));
    }
  }
  return std::find(sizes.begin(), sizes.end(), 0) == sizes.end() ? product : 0;
}

void WordReader::refuse(Field field, const std::string& detail) const {
  throw Error("INVALID_PROGRAM", place(field) + ": " + detail + ".");
}

void WordReader::refuse_limit(Field field, const std::string& detail) const {
  throw Error("LIMIT_EXCEEDED", place(field) + ": " + detail + ".");
}

double WordReader::next(Field field) {
  if (remaining() <= 0) refuse(field, "the program ends before this word");
  return words_[static_cast<size_t>(position_++)];
}

int64_t WordReader::exact(Field field) {
  const double word = next(field);
  // The comparison is false for NaN.
  if (!(std::abs(word) <= kLargestExact) || word != std::floor(word)) {
    refuse(field, "expected an exact integer but found " + format(word));
  }
  return static_cast<int64_t>(word);
}

std::string WordReader::place(Field field) const {
  std::string text = "Invalid program, ";
  text += kind_;
  if (index_ >= 0) text.append(" ").append(std::to_string(index_));
  if (!detail_.empty()) text.append(" (").append(detail_).append(")");
  text.append(", ").append(field.text());
  return text;
}

}  // namespace bilevel
