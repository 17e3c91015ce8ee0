#include "fuzz/attempt.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>

#include "cpu/executable.h"
#include "fuzz/work.h"
#include "program/error.h"
#include "test/support/bound_run.h"

namespace bilevel::fuzz {
namespace {

constexpr double kMostWork = 1 << 20;
constexpr double kMostBytes = 1 << 20;
constexpr std::array<std::string_view, 3> kCodes = {"INVALID_PROGRAM", "LIMIT_EXCEEDED", "INDEX_OUT_OF_RANGE"};

// Numbers at which sizes, counts, codes and limits turn.
constexpr std::array kTurns = {0.0, 1.0,  2.0, 3.0,   7.0,  8.0,  63.0,  64.0, 65.0, 255.0, 256.0, 4096., 65536.,
                               1e6, 16e6, 2e9, 4.3e9, 1e12, 9e15, 1e300, -1.0, -2.0, -64.0, -1e6,  0.5};

}  // namespace

std::string attempt(const Input& input) {
  try {
    Program program = decode(input.words, static_cast<int64_t>(input.constants.size()));
    if (work_of(program) > kMostWork || bytes_of(program) > kMostBytes) return "accepted";
    cpu::Executable executable(std::move(program), input.constants, {2});
    test::BoundRun run(executable.program(), 2);
    run.execute(executable);
    return "completed";
  } catch (const Error& error) {
    if (std::find(kCodes.begin(), kCodes.end(), error.code()) != kCodes.end()) return error.code();
    throw std::logic_error(std::string("unexpected code ") + error.code() + ": " + error.what());
  }
}

void damage(std::vector<double>& words, std::minstd_rand& random) {
  const auto any = [&](size_t count) { return std::uniform_int_distribution<size_t>(0, count - 1)(random); };
  if (words.empty()) return;
  for (size_t changes = 1 + any(3); changes > 0; --changes) {
    double& word = words[any(words.size())];
    switch (any(7)) {
      case 0:
        word = kTurns[any(kTurns.size())];
        break;
      case 1:
        word += 1;
        break;
      case 2:
        word -= 1;
        break;
      case 3:
        word = words[any(words.size())];
        break;
      case 4:
        word = static_cast<double>(any(40));
        break;
      case 5:
        word *= 2;
        break;
      default: {
        // A run of words, copied to another place.
        const size_t from = any(words.size()), to = any(words.size());
        const size_t length = 1 + any(std::min<size_t>(16, words.size() - std::max(from, to)));
        std::copy_n(std::vector(words.begin() + static_cast<ptrdiff_t>(from),
                                words.begin() + static_cast<ptrdiff_t>(from + length))
                        .begin(),
                    length, words.begin() + static_cast<ptrdiff_t>(to));
      }
    }
  }
}

}  // namespace bilevel::fuzz
