// Every call of the driver and of the compiler that the life of a device takes fails in turn: with an error that can be
// gone on from, and as clean as that of the CPU.
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cuda/engine.h"
#include "program/error.h"
#include "test/cuda/fake_device.h"
#include "test/support/bound_run.h"
#include "test/support/program_samples.h"
#include "test/support/test.h"

namespace bilevel::test {
namespace {

constexpr int32_t kSteps = 19;  // of both graphs
constexpr int kUnusable = 1, kOutOfMemory = 2, kLaunchFailed = 719;

using Memory = std::vector<std::vector<std::byte>>;

struct Failed {
  std::string code, message;
};

// What gives something back, or makes the context the thread's for that: nothing can be done where it fails, and
// nothing needs to be.
const std::set<std::string> kMayFail = {"cuCtxDestroy_v2",    "cuCtxPopCurrent_v2", "cuCtxPushCurrent_v2",
                                        "cuEventDestroy_v2",  "cuGraphDestroy",     "cuGraphExecDestroy",
                                        "cuMemFreeHost",      "cuMemFree_v2",       "cuModuleUnload",
                                        "cuStreamDestroy_v2", "nvrtcDestroyProgram"};

// A folder that is empty and goes again.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    if (mkdtemp(path_.data()) == nullptr) throw Failure("no temporary folder could be made");
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_ = (std::filesystem::temp_directory_path() / "bilevel-faults-XXXXXX").string();
};

std::optional<Failed> failure_of(const auto& body) {
  try {
    body();
    return std::nullopt;
  } catch (const Error& error) {
    return Failed{error.code(), error.what()};
  }
}

// A device is made, a program loaded and run twice. After an error all that is still there is used once more: it works,
// or says the same again where the device is lost. Returns the first error.
std::optional<Failed> live(const Encoder& sample, Memory& result) {
  std::shared_ptr<const Engine> engine;
  std::shared_ptr<void> entered;
  std::shared_ptr<Executable> program;
  const auto make = [&] {
    if (!engine) engine = cuda::make_engine({});
    if (!entered) entered = engine->enter();
    if (!program) program = engine->load(decoded(sample), sample.constants());
    for (int run = 0; run < 2; ++run) {
      BoundRun bound(program->program(), kSteps);
      CHECK(bound.execute(*program) == kSteps);
      result = bound.memory();
    }
  };
  const std::optional<Failed> first = failure_of(make);
  if (!first) return std::nullopt;
  const bool is_lost = engine != nullptr && first->code == "DEVICE_LOST";
  const std::optional<Failed> second = failure_of(make);
  if (is_lost) {
    CHECK(second && second->code == first->code && second->message == first->message, first->message, "and then",
          second ? second->message : "nothing");
  } else {
    CHECK(!second, first->message, "and then", second->message);
  }
  return first;
}

// How often each function is called.
std::map<std::string, int> calls_of(const Encoder& sample, Memory& result) {
  const TemporaryFolder folder;
  const Variable cache("XDG_CACHE_HOME", folder.path());
  const Variable log("FAKE_CUDA_LOG", folder.path() + "/log");
  CHECK(!live(sample, result));
  std::map<std::string, int> calls;
  std::ifstream lines(folder.path() + "/log");
  for (std::string line; std::getline(lines, line);) ++calls[line];
  return calls;
}

// The name that a message has.
std::string documented(const std::string& function) { return function.substr(0, function.find("_v2")); }

void check_failure(const std::string& what, const std::string& function, const std::optional<Failed>& failed) {
  static const std::set<std::string> kCodes = {"DEVICE_LOST", "DEVICE_UNAVAILABLE", "LIMIT_EXCEEDED", "NATIVE_FAILURE"};
  if (!failed) {
    CHECK(kMayFail.contains(function), what, "is not noticed");
    return;
  }
  CHECK(kCodes.contains(failed->code), what, failed->code, failed->message);
  const size_t named = failed->message.find("cuda:0");
  CHECK(named == std::string::npos || failed->message.find("cuda:0", named + 1) == std::string::npos, failed->message);
  const bool is_named = failed->message.find(documented(function)) != std::string::npos ||
                        (function.starts_with("nvrtc") && failed->message.find("NVRTC") != std::string::npos);
  CHECK(is_named || kMayFail.contains(function) || failed->code == "LIMIT_EXCEEDED", what, failed->message);
}

void check_fault(const std::string& fault, const std::string& function, const Encoder& sample, const Memory& expected) {
  const TemporaryFolder folder;
  const Variable cache("XDG_CACHE_HOME", folder.path());
  const fake_cuda::Counts before = fake_counts();
  const Variable variable("FAKE_CUDA_FAIL", fault);
  Memory memory;
  check_failure(fault, function, live(sample, memory));
  CHECK(memory.empty() || memory == expected, fault, "gives other results");
  const fake_cuda::Counts after = fake_counts();
  CHECK(after.failed_work == before.failed_work, fault, "lets work go on whose memory or code is gone");
  CHECK(after.contexts == before.contexts || function == "cuCtxDestroy_v2", fault, "leaves a context");
  CHECK(after.left_behind == before.left_behind || kMayFail.contains(function), fault, "leaves",
        after.left_behind - before.left_behind, "behind");
}

TEST(every_call_that_fails_is_an_error_to_go_on_from) {
  fake_compiler();
  const Encoder sample = sample_programs().front();
  Memory expected;
  const std::map<std::string, int> calls = calls_of(sample, expected);
  CHECK(calls.contains("cuGraphLaunch") && calls.contains("nvrtcCompileProgram"));
  std::string failures;
  for (const auto& [function, count] : calls) {
    for (int call = 1; call <= count; ++call) {
      for (const int result : {kUnusable, kOutOfMemory, kLaunchFailed}) {
        if (function.starts_with("nvrtc") && result == kLaunchFailed) continue;
        const std::string fault = function + ":" + std::to_string(call) + ":" + std::to_string(result);
        try {
          check_fault(fault, function, sample, expected);
        } catch (const Failure& failure) {
          failures += std::string("\n") + failure.what();
        }
      }
    }
  }
  CHECK(failures.empty(), failures);
  Memory memory;
  CHECK(!live(sample, memory) && memory == expected, "a device that is made after all this does not work");
}

}  // namespace
}  // namespace bilevel::test
