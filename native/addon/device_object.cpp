#include "addon/device_object.h"

#include <span>
#include <string>
#include <vector>

#include "addon/arguments.h"
#include "addon/callback.h"
#include "addon/engines.h"
#include "addon/environment.h"
#include "addon/program_object.h"
#include "program/limits.h"
#include "program/program.h"

namespace bilevel::addon {
namespace {

// Of the names of a program's bindings, all together.
constexpr size_t kMaxNameBytes = size_t{1} << 26;

}  // namespace

Napi::Function DeviceObject::define(Napi::Env env) {
  return DefineClass(env, kName,
                     {describe_method<DeviceObject, &DeviceObject::info>("info"),
                      describe_method<DeviceObject, &DeviceObject::create_program>("createProgram"),
                      describe_method<DeviceObject, &DeviceObject::dispose>("dispose")});
}

DeviceObject::DeviceObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  guarded(info.Env(), [&] {
    state_ = Environment::of(info.Env()).create_device(make_engine(info[0]));
    napi_type_tag_object(info.Env(), info.This(), &kTag);
  });
}

Napi::Value DeviceObject::info(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const DeviceInfo device = state_->engine().info();
  auto result = Napi::Object::New(env);
  result.Set("kind", device.kind);
  if (!device.name.empty()) result.Set("name", device.name);
  if (device.threads > 0) result.Set("threads", device.threads);
  result.Set("precision", device.precision);
  result.Set("library", device.library);
  result.Set("instructionSet", device.instruction_set);
  state_->engine();  // which setters that Object.prototype was given may have disposed of
  return result;
}

Napi::Value DeviceObject::create_program(const Napi::CallbackInfo& info) {
  std::vector<std::string> names = read_strings(info[2], "bindingNames", kMaxBindings, kMaxNameBytes);
  // From here on no JavaScript runs.
  const ArrayView words = read_typed_array(info[0], "words");
  const ArrayView constants = read_typed_array(info[1], "constants");
  if (words.type != napi_float64_array) throw_invalid_argument("words", "a Float64Array");
  if (constants.type != napi_uint8_array) throw_invalid_argument("constants", "a Uint8Array");

  const Engine& engine = state_->engine();
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
  auto executable = engine.load(std::move(program), constant_bytes);
  return ProgramObject::create(info.Env(), state_, std::move(executable), std::move(names));
}

Napi::Value DeviceObject::dispose(const Napi::CallbackInfo& info) {
  state_->dispose();
  return info.Env().Undefined();
}

}  // namespace bilevel::addon
