// The decoder and verifier under libFuzzer.
#include <algorithm>

#include "cpu/kernel/team.h"
#include "fuzz/attempt.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t most);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static bilevel::cpu::Team team(2);
  bilevel::fuzz::attempt(bilevel::fuzz::read_input({data, size}));
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t most, unsigned seed) {
  std::minstd_rand random(seed);
  if (random() % 4 == 0) return LLVMFuzzerMutate(data, size, most);
  bilevel::fuzz::Input input = bilevel::fuzz::read_input({data, size});
  bilevel::fuzz::damage(input.words, random);
  const std::vector<uint8_t> changed = bilevel::fuzz::write_input(input.words, input.constants);
  if (changed.size() > most) return LLVMFuzzerMutate(data, size, most);
  std::copy(changed.begin(), changed.end(), data);
  return changed.size();
}
