// The decoder and verifier under libFuzzer, and a run of what they accept. Whatever the words are, the outcome is a
// program or an Error with a known code; the sanitizers see to the rest.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string_view>

#include "cpu/executable.h"
#include "cpu/team.h"
#include "fuzz/input.h"
#include "fuzz/work.h"
#include "program/error.h"
#include "test/bound_run.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t most);

namespace bilevel::fuzz {
namespace {

constexpr double kMostWork = 1 << 20;
constexpr double kMostBytes = 1 << 20;
constexpr std::array<std::string_view, 3> kCodes = {"INVALID_PROGRAM", "LIMIT_EXCEEDED", "INDEX_OUT_OF_RANGE"};

void run(const Input& input) {
  Program program = decode(input.words, input.constants);
  if (work_of(program) > kMostWork || bytes_of(program) > kMostBytes) return;
  cpu::Executable executable(std::move(program), {2});
  test::BoundRun bound(executable.program(), 2);
  bound.execute(executable);
}

// Numbers at which sizes, counts, codes and limits turn.
constexpr std::array kTurns = {0.0, 1.0,  2.0, 3.0,   7.0,  8.0,  63.0,  64.0, 65.0, 255.0, 256.0, 4096., 65536.,
                               1e6, 16e6, 2e9, 4.3e9, 1e12, 9e15, 1e300, -1.0, -2.0, -64.0, -1e6,  0.5};

// Changes words as words: their bytes are those of doubles, of which most changes make no integer.
void change_words(std::vector<double>& words, std::minstd_rand& random) {
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

}  // namespace
}  // namespace bilevel::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static bilevel::cpu::Team team(2);
  try {
    bilevel::fuzz::run(bilevel::fuzz::read_input({data, size}));
  } catch (const bilevel::Error& error) {
    const auto& codes = bilevel::fuzz::kCodes;
    if (std::find(codes.begin(), codes.end(), error.code()) == codes.end()) {
      std::cerr << "unknown code " << error.code() << ": " << error.what() << std::endl;
      std::abort();
    }
  }
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t most, unsigned seed) {
  std::minstd_rand random(seed);
  if (random() % 4 == 0) return LLVMFuzzerMutate(data, size, most);
  bilevel::fuzz::Input input = bilevel::fuzz::read_input({data, size});
  bilevel::fuzz::change_words(input.words, random);
  const std::vector<uint8_t> changed = bilevel::fuzz::write_input(input.words, input.constants);
  if (changed.size() > most) return LLVMFuzzerMutate(data, size, most);
  std::copy(changed.begin(), changed.end(), data);
  return changed.size();
}
