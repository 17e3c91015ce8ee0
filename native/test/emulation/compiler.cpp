#include "test/emulation/compiler.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace bilevel::emulation {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCuda = "test/emulation/device.h";

// The text asks whether there are fused multiply-adds, as that of the CPU engine's loops does.
std::string processor_flags() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("fma")) return " -mfma";
#endif
  return "";
}

}  // namespace

void write_headers(const fs::path& folder, Headers headers) {
  const auto write = [&](const fs::path& name, std::string_view text) {
    fs::create_directories((folder / name).parent_path());
    std::ofstream(folder / name, std::ios::binary) << text;
  };
  for (const auto& [name, text] : headers) write(name, text);
  for (const char* name : {kCuda, "test/emulation/runtime.h"}) {
    std::ostringstream text;
    text << std::ifstream(fs::path(BILEVEL_EMULATION_SOURCES) / name, std::ios::binary).rdbuf();
    write(name, text.str());
  }
}

std::optional<std::string> compile(const fs::path& headers, const fs::path& source, const fs::path& output,
                                   std::string_view flags) {
  const std::string log = output.string() + ".log";
  std::ostringstream command;
  command << BILEVEL_EMULATION_COMPILER << " -x c++ -std=c++20 -fPIC -fno-math-errno -fvisibility=hidden"
          << processor_flags() << BILEVEL_EMULATION_FLAGS << " " << flags << " -I'" << headers.string() << "' -include "
          << kCuda << " -o '" << output.string() << "' '" << source.string() << "' > '" << log << "' 2>&1";
  const bool compiled = std::system(command.str().c_str()) == 0;
  std::ostringstream words;
  if (!compiled) words << std::ifstream(log).rdbuf();
  std::error_code ignored;
  fs::remove(log, ignored);
  if (compiled) return std::nullopt;
  return words.str();
}

}  // namespace bilevel::emulation
