#include "cpu/engine.h"

#include <utility>

#include "cpu/executable.h"
#include "cpu/kernel/team.h"
#include "cpu/onednn/library.h"
#include "program/error.h"

namespace bilevel::cpu {
namespace {

constexpr const char* kLibraryName = "oneDNN";

class CpuEngine final : public Engine {
 public:
  CpuEngine(Settings settings, std::shared_ptr<const Ranks> ranks) : settings_(settings), ranks_(std::move(ranks)) {
    settings_.ranks = ranks_.get();
  }

  DeviceInfo info() const override {
    const Library library = describe_library();
    return {.kind = "cpu",
            .name = "",
            .threads = settings_.threads,
            .precision = std::string(kPrecisionNames[static_cast<size_t>(settings_.precision)]),
            .library = std::string(kLibraryName) + " " + library.version,
            .instruction_set = library.instruction_set};
  }

  std::shared_ptr<bilevel::Executable> load(Program program, std::span<const std::byte> constants) const override {
    return std::make_shared<Executable>(std::move(program), constants, settings_);
  }

  std::shared_ptr<void> enter() const override { return std::make_shared<Team>(settings_.threads); }

 private:
  Settings settings_;
  const std::shared_ptr<const Ranks> ranks_;
};

}  // namespace

std::shared_ptr<const Engine> make_engine(Settings settings, std::shared_ptr<const Ranks> ranks) {
  if (settings.precision == Precision::kBfloat16 && !supports_bfloat16()) {
    throw Error(
        "DEVICE_UNAVAILABLE",
        "Expected a processor that multiplies bfloat16 numbers (AVX-512 BF16 or AMX) for the precision 'bf16' but "
        "this one offers " +
            describe_library().instruction_set + ". Use the precision 'float32'.");
  }
  settings.threads = startable_threads(settings.threads);
  return std::make_shared<CpuEngine>(settings, std::move(ranks));
}

FoundDevice find_device() {
  std::vector<std::string> precisions = {"float32"};
  if (supports_bfloat16()) precisions.push_back("bf16");
  return {.kind = "cpu",
          .precisions = std::move(precisions),
          .libraries = {{kLibraryName, describe_library().version, ""}}};
}

}  // namespace bilevel::cpu
