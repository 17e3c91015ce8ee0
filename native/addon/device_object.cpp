#include "addon/device_object.h"

#include <vector>

#include "addon/arguments.h"
#include "addon/callback.h"
#include "addon/environment.h"
#include "addon/program_object.h"
#include "cpu/library.h"
#include "program/program.h"

namespace bilevel::addon {
namespace {

// More than any machine has; libgomp ends the process when it cannot start a thread.
constexpr int32_t kMaxThreads = 256;

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
    const int32_t threads = read_integer(info[0].As<Napi::Object>().Get("threads"), "threads", 1, kMaxThreads);
    state_ = Environment::of(info.Env()).create_device(threads);
    napi_type_tag_object(info.Env(), info.This(), &kTag);
  });
}

Napi::Value DeviceObject::info(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const cpu::Library library = cpu::describe_library();
  auto result = Napi::Object::New(env);
  result.Set("kind", "cpu");
  result.Set("threads", state_->executor().threads());
  result.Set("library", library.version);
  result.Set("instructionSet", library.instruction_set);
  return result;
}

Napi::Value DeviceObject::create_program(const Napi::CallbackInfo& info) {
  const ArrayView words = read_typed_array(info[0], "words");
  const ArrayView constants = read_typed_array(info[1], "constants");
  std::vector<std::string> names = read_strings(info[2], "bindingNames");
  if (words.type != napi_float64_array) throw_invalid_argument("words", "a Float64Array");
  if (constants.type != napi_uint8_array) throw_invalid_argument("constants", "a Uint8Array");

  const int threads = state_->executor().threads();
  // A copy, because another thread could change shared words between a check and its use.
  const auto* first = reinterpret_cast<const double*>(words.data);
  const std::vector<double> copy(first, first + words.length);
  Program program = decode(copy, {constants.data, constants.length});
  if (program.bindings.size() != names.size()) {
    throw_invalid_argument("bindingNames", std::to_string(program.bindings.size()) + " names");
  }
  auto executable = std::make_shared<cpu::Executable>(std::move(program), threads);
  return ProgramObject::create(info.Env(), state_, std::move(executable), std::move(names));
}

Napi::Value DeviceObject::dispose(const Napi::CallbackInfo& info) {
  state_->dispose();
  return info.Env().Undefined();
}

}  // namespace bilevel::addon
