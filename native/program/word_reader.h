// Reads the words of an encoded program one after the other as exact integers, and knows where it is for error
// messages.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace bilevel {

// The name of a word: `offsetA`, or `size[2]`.
struct Field {
  Field(const char* field_name, int64_t field_index = -1) : name(field_name), index(field_index) {}  // NOLINT: implicit
  std::string text() const { return index < 0 ? name : std::string(name) + "[" + std::to_string(index) + "]"; }

  const char* name;
  int64_t index;
};

class WordReader {
 public:
  explicit WordReader(std::span<const double> words) : words_(words) {}

  // What the following words belong to: ("instruction", 3, "matmul"). Strings must outlive the section.
  void begin_section(std::string_view kind, int64_t index = -1, std::string_view detail = {});

  // An exact integer from `low` to `high`. A value above `high` has the code LIMIT_EXCEEDED when `high` is a limit.
  int64_t integer(Field field, int64_t low, int64_t high);
  int64_t limited(Field field, int64_t low, int64_t limit);
  bool flag(Field field) { return integer(field, 0, 1) != 0; }
  template <typename Code, size_t n>
  Code code(Field field, const std::array<std::string_view, n>&) {
    return static_cast<Code>(integer(field, 0, static_cast<int64_t>(n) - 1));
  }
  double real(Field field);

  // The product of sizes, which must stay within kMaxElements even when zeros are counted as ones: parts of it are
  // computed without further checks.
  int64_t volume(Field field, std::initializer_list<int64_t> sizes) const {
    return volume(field, std::span(sizes.begin(), sizes.size()));
  }
  int64_t volume(Field field, std::span<const int64_t> sizes) const;

  int64_t position() const { return position_; }
  int64_t remaining() const { return static_cast<int64_t>(words_.size()) - position_; }

  // Refuses the program: `Instruction 3 (matmul), offsetA: <detail>.`
  [[noreturn]] void refuse(Field field, const std::string& detail) const;
  [[noreturn]] void refuse_limit(Field field, const std::string& detail) const;

 private:
  double next(Field field);
  int64_t exact(Field field);
  std::string place(Field field) const;

  std::span<const double> words_;
  int64_t position_ = 0;
  std::string_view kind_ = "header", detail_;
  int64_t index_ = -1;
};

}  // namespace bilevel
