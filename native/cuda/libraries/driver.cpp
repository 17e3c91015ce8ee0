#include "cuda/libraries/driver.h"

#include <mutex>
#include <optional>

#include "cuda/libraries/search.h"

namespace bilevel::cuda {
namespace {

constexpr int kOldestVersion = 12000;
constexpr const char* kAdvice = "Install a driver of NVIDIA's that supports CUDA 12.0 or later.";

Driver open_driver() {
  const SharedLibrary library =
      open_first(driver_folders(), {{"libcuda.so.1", ""}}, "NVIDIA's driver was not found", kAdvice);
  Driver driver;
#define BILEVEL_FIND(name, parameters) \
  driver.name = reinterpret_cast<decltype(driver.name)>(find_function(library, #name, kAdvice));
  BILEVEL_DRIVER_FUNCTIONS(BILEVEL_FIND)
#undef BILEVEL_FIND
  driver.path = file_of(reinterpret_cast<const void*>(driver.cuInit));

  const auto check = [&](Result result, const char* function, const char* advice) {
    if (result != kSuccess) throw_unavailable(describe_failure(driver, function, result) + ". " + advice);
  };
  check(driver.cuDriverGetVersion(&driver.version), "cuDriverGetVersion", kAdvice);
  if (driver.version < kOldestVersion) {
    throw_unavailable("the driver " + driver.path + " supports CUDA " + describe_version(driver.version) + ". " +
                      kAdvice);
  }
  const Result started = driver.cuInit(0);
  if (started == kNoDevice) throw_unavailable("the driver " + driver.path + " finds no GPU.");
  check(started, "cuInit", "See that `nvidia-smi` lists a GPU.");
  return driver;
}

}  // namespace

std::string describe_version(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

std::string describe_failure(const Driver& driver, const char* function, Result result) {
  const char *name = nullptr, *text = nullptr;
  if (driver.cuGetErrorName(result, &name) != kSuccess || name == nullptr) name = "an unknown error";
  if (driver.cuGetErrorString(result, &text) != kSuccess || text == nullptr) text = "no description";
  return std::string(function) + " failed: " + name + " (" + std::to_string(result) + "), " + text;
}

const Driver& driver() {
  static std::mutex mutex;
  static std::optional<Driver> opened;
  const std::lock_guard lock(mutex);
  if (!opened) opened = open_driver();
  return *opened;
}

}  // namespace bilevel::cuda
