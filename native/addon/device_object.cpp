#include "addon/device_object.h"

#include <span>
#include <string>
#include <vector>

#include "addon/arguments.h"
#include "addon/callback.h"
#include "addon/engines.h"
#include "addon/environment.h"
#include "addon/program_object.h"
#include "addon/run.h"
#include "addon/tensor_object.h"
#include "program/limits.h"
#include "program/program.h"

namespace bilevel::addon {
namespace {

// Of the names of a program's bindings, all together.
constexpr size_t kMaxNameBytes = size_t{1} << 26;

ArrayView read_shared(Napi::Value value, const std::string& parameter) {
  const ArrayView view = read_typed_array(value, parameter);
  if (!view.shared) throw_invalid_argument(parameter, "a view over a SharedArrayBuffer");
  return view;
}

// One side of a copy: the tensor of the device's that it is, or a view over the host's memory. `bytes`: how long it is.
Place read_place(Napi::Value value, const std::string& parameter, const std::shared_ptr<DeviceState>& device,
                 QueuedCopy& queued, int64_t& bytes) {
  if (const TensorObject* const own = TensorObject::of(value); own != nullptr) {
    if (own->device() != device) throw_invalid_argument(parameter, "a tensor of this device");
    bytes = own->bytes();
    queued.tensors.push_back(own->tensor());
    return {.host = nullptr, .device = own->tensor().get()};
  }
  const ArrayView view = read_shared(value, parameter);
  bytes = view.bytes();
  queued.views.push_back(Napi::Persistent(value.As<Napi::Object>()));
  return {.host = view.data};
}

}  // namespace

Napi::Function DeviceObject::define(Napi::Env env) {
  return DefineClass(env, kName,
                     {describe_method<DeviceObject, &DeviceObject::info>("info"),
                      describe_method<DeviceObject, &DeviceObject::create_program>("createProgram"),
                      describe_method<DeviceObject, &DeviceObject::allocate>("allocate"),
                      describe_method<DeviceObject, &DeviceObject::copy>("copy"),
                      describe_method<DeviceObject, &DeviceObject::flush>("flush"),
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

Napi::Value DeviceObject::allocate(const Napi::CallbackInfo& info) {
  const int64_t bytes = read_shared(info[0], "tensor").bytes();
  std::shared_ptr<DeviceTensor> tensor = state_->engine().allocate(bytes);
  if (!tensor) throw_invalid_argument("tensor", "a device with memory of its own");
  return TensorObject::create(state_, std::move(tensor), info[0], bytes);
}

Napi::Value DeviceObject::copy(const Napi::CallbackInfo& info) {
  QueuedCopy queued{};
  queued.copy.to = read_place(info[1], "to", state_, queued, queued.copy.bytes);
  if (!info[0].IsUndefined()) {
    int64_t bytes = 0;
    queued.copy.from = read_place(info[0], "from", state_, queued, bytes);
    if (bytes != queued.copy.bytes) throw_invalid_argument("from", "as many bytes as `to` has");
  }
  if (queued.tensors.empty()) throw_invalid_argument("from or to", "a tensor of this device");
  state_->queue(std::move(queued));
  return info.Env().Undefined();
}

Napi::Value DeviceObject::flush(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  std::unique_ptr<Run> run = environment.take_run();
  run->prepare(state_, nullptr, 0, nullptr, {});
  const Napi::Value promise = run->promise(info.Env());
  if (run->begin() && run->pin(info.Env().Undefined(), info.Env().Undefined())) {
    environment.start(std::move(run));
  } else {
    run->complete();
    environment.keep(std::move(run));
  }
  return promise;
}

Napi::Value DeviceObject::dispose(const Napi::CallbackInfo& info) {
  state_->dispose();
  return info.Env().Undefined();
}

}  // namespace bilevel::addon
