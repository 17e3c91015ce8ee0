#include "test/emulation/library.h"

#include <stdlib.h>

#include <atomic>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <thread>

namespace bilevel::emulation {
namespace {

namespace fs = std::filesystem;

// No fused multiply-adds but those that are written out, which the device compiler is told too.
constexpr const char* kFlags = "-shared -ffp-contract=off";

fs::path make_folder() {
  std::string pattern = (fs::temp_directory_path() / "bilevel-emulation-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder could be made");
  return pattern;
}

}  // namespace

Library::Library(Headers headers, std::span<const std::string> sources) : folder_(make_folder()) {
  write_headers(folder_, headers);
  std::vector<std::optional<std::string>> failures(sources.size());
  std::atomic<size_t> next = 0;
  const auto name_of = [&](size_t i) { return folder_ / std::to_string(i); };
  const auto work = [&] {
    for (size_t i = next++; i < sources.size(); i = next++) {
      std::ofstream(name_of(i), std::ios::binary) << sources[i];
      failures[i] = compile(folder_, name_of(i), name_of(i).string() + ".so", kFlags);
    }
  };
  {
    std::vector<std::jthread> others;
    for (unsigned t = 1; t < std::thread::hardware_concurrency(); ++t) others.emplace_back(work);
    work();
  }
  for (const auto& failure : failures) {
    if (!failure) continue;
    fs::remove_all(folder_);
    throw std::runtime_error("device code does not compile:\n" + failure->substr(0, 4000));
  }
  for (size_t i = 0; i < sources.size(); ++i) codes_.emplace_back(name_of(i).string() + ".so");
}

Library::~Library() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

Function Library::function(const std::string& name) const {
  for (const Code& code : codes_) {
    if (const std::optional<Function> function = code.find(name)) return *function;
  }
  throw std::runtime_error("there is no kernel " + name);
}

}  // namespace bilevel::emulation
