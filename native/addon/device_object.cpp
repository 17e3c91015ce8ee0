#include "addon/device_object.h"

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "addon/arguments.h"
#include "addon/callback.h"
#include "addon/environment.h"
#include "addon/program_object.h"
#include "cpu/library.h"
#include "cpu/team.h"
#include "program/limits.h"
#include "program/program.h"

namespace bilevel::addon {
namespace {

// Of the names of a program's bindings, all together.
constexpr size_t kMaxNameBytes = size_t{1} << 26;

// More than any machine has; libgomp ends the process when it cannot start a thread.
constexpr int32_t kMaxThreads = cpu::Team::kMostParts;

cpu::Precision read_precision(Napi::Value value) {
  const auto& names = cpu::kPrecisionNames;
  const std::string name = value.IsString() ? value.As<Napi::String>().Utf8Value() : "";
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) throw_invalid_argument("precision", "'float32' or 'bf16'");
  const auto precision = static_cast<cpu::Precision>(found - names.begin());
  if (precision == cpu::Precision::kBfloat16 && !cpu::supports_bfloat16()) {
    throw Error(
        "DEVICE_UNAVAILABLE",
        "Expected a processor that multiplies bfloat16 numbers (AVX-512 BF16 or AMX) for the precision 'bf16' but "
        "this one offers " +
            cpu::describe_library().instruction_set + ". Use the precision 'float32'.");
  }
  return precision;
}

}  // namespace

Napi::Function DeviceObject::define(Napi::Env env) {
  return DefineClass(env, kName,
                     {describe_method<DeviceObject, &DeviceObject::info>("info"),
                      describe_method<DeviceObject, &DeviceObject::create_program>("createProgram"),
                      describe_method<DeviceObject, &DeviceObject::dispose>("dispose")});
}

DeviceObject::DeviceObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  guarded(info.Env(), [&] {
    if (!info[0].IsObject()) throw_invalid_argument("options", "an object");
    const auto options = info[0].As<Napi::Object>();
    const int32_t threads = read_integer(options.Get("threads"), "threads", 1, kMaxThreads);
    const cpu::Precision precision = read_precision(options.Get("precision"));
    state_ = Environment::of(info.Env()).create_device({threads, precision});
    napi_type_tag_object(info.Env(), info.This(), &kTag);
  });
}

Napi::Value DeviceObject::info(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const cpu::Library library = cpu::describe_library();
  auto result = Napi::Object::New(env);
  result.Set("kind", "cpu");
  result.Set("threads", state_->executor().threads());
  result.Set("precision", std::string(cpu::kPrecisionNames[static_cast<size_t>(state_->settings().precision)]));
  result.Set("library", library.version);
  result.Set("instructionSet", library.instruction_set);
  return result;
}

Napi::Value DeviceObject::create_program(const Napi::CallbackInfo& info) {
  std::vector<std::string> names = read_strings(info[2], "bindingNames", kMaxBindings, kMaxNameBytes);
  // From here on no JavaScript runs.
  const ArrayView words = read_typed_array(info[0], "words");
  const ArrayView constants = read_typed_array(info[1], "constants");
  if (words.type != napi_float64_array) throw_invalid_argument("words", "a Float64Array");
  if (constants.type != napi_uint8_array) throw_invalid_argument("constants", "a Uint8Array");

  state_->executor();
  if (words.length > kMaxWords) {
    throw Error("LIMIT_EXCEEDED", "The program has " + std::to_string(words.length) + " words; at most " +
                                      std::to_string(kMaxWords) + " are read.");
  }
  // A copy, because another thread could change shared words between a check and its use.
  const auto* first = reinterpret_cast<const double*>(words.data);
  const std::vector<double> copy(first, first + words.length);
  Program program = decode(copy, static_cast<int64_t>(constants.length));
  if (program.bindings.size() != names.size()) {
    throw_invalid_argument("bindingNames", std::to_string(program.bindings.size()) + " names");
  }
  const std::span<const std::byte> constant_bytes(constants.data, constants.length);
  auto executable = std::make_shared<cpu::Executable>(std::move(program), constant_bytes, state_->settings());
  return ProgramObject::create(info.Env(), state_, std::move(executable), std::move(names));
}

Napi::Value DeviceObject::dispose(const Napi::CallbackInfo& info) {
  state_->dispose();
  return info.Env().Undefined();
}

}  // namespace bilevel::addon
