// No random damage to a program does harm.
#include <map>
#include <random>
#include <string>

#include "fuzz/attempt.h"
#include "fuzz/input.h"
#include "test/support/program_samples.h"
#include "test/support/test.h"

namespace bilevel {
namespace {

using test::Encoder;

// What the fuzzer does without end, a little of it with a fixed seed: damage to a valid program is refused or harmless.
TEST(random_damage_does_no_harm) {
  std::minstd_rand random(1);
  std::map<std::string, int> outcomes;
  for (const Encoder& program : test::sample_programs()) {
    for (int round = 0; round < 4000; ++round) {
      fuzz::Input input{program.words(), program.constants()};
      fuzz::damage(input.words, random);
      if (random() % 50 == 0) input.words.resize(random() % input.words.size());
      ++outcomes[fuzz::attempt(input)];
    }
  }
  CHECK(outcomes["completed"] > 500 && outcomes["INVALID_PROGRAM"] > 5000, outcomes["completed"],
        outcomes["INVALID_PROGRAM"], outcomes["LIMIT_EXCEEDED"], outcomes["INDEX_OUT_OF_RANGE"]);
}

// Files that the fuzzer keeps are words and constants as bytes.
TEST(fuzzer_inputs_are_read_as_they_are_written) {
  for (const Encoder& program : test::sample_programs()) {
    const fuzz::Input read = fuzz::read_input(fuzz::write_input(program.words(), program.constants()));
    CHECK(read.words == program.words() && read.constants == program.constants());
    CHECK(fuzz::attempt(read) == "completed");
  }
  CHECK(fuzz::attempt(fuzz::read_input({})) == "INVALID_PROGRAM");
}

}  // namespace
}  // namespace bilevel
