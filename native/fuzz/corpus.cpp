// Writes the programs of the native tests into a folder, one file each: what a fuzzer begins with.
#include <fstream>
#include <iostream>
#include <string>

#include "fuzz/input.h"
#include "test/support/program_samples.h"

int main(int count, char** arguments) {
  if (count != 2) {
    std::cerr << "usage: bilevel_fuzz_corpus FOLDER" << std::endl;
    return 1;
  }
  int written = 0;
  for (const auto& program : bilevel::test::sample_programs()) {
    const auto bytes = bilevel::fuzz::write_input(program.words(), program.constants());
    std::ofstream file(std::string(arguments[1]) + "/sample-" + std::to_string(written), std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    if (!file) {
      std::cerr << "cannot write to " << arguments[1] << std::endl;
      return 1;
    }
    ++written;
  }
  std::cout << written << " programs" << std::endl;
  return 0;
}
