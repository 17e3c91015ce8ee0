#include "addon/program_object.h"

#include <array>

#include "addon/arguments.h"
#include "addon/callback.h"
#include "addon/environment.h"
#include "addon/run.h"
#include "addon/tensor_object.h"
#include "program/checked.h"

namespace bilevel::addon {
namespace {

constexpr std::array kArrayTypes = {napi_float32_array, napi_int32_array, napi_bigint64_array, napi_uint8_array};
constexpr std::array kArrayNames = {"Float32Array", "Int32Array", "BigInt64Array", "Uint8Array"};
static_assert(kArrayTypes.size() == kDTypeNames.size() && kArrayNames.size() == kDTypeNames.size());

ArrayView read_control(Napi::Value value) {
  const ArrayView control = read_typed_array(value, "control");
  if (control.type != napi_int32_array || control.length != 2 || !control.shared) {
    throw_invalid_argument("control", "an Int32Array of length 2 over a SharedArrayBuffer");
  }
  return control;
}

// Where the time of each instruction goes; nothing when the caller does not want it.
std::span<double> read_seconds(Napi::Value value) {
  if (value.IsUndefined()) return {};
  const ArrayView seconds = read_typed_array(value, "seconds");
  if (seconds.type != napi_float64_array || !seconds.shared) {
    throw_invalid_argument("seconds", "a Float64Array over a SharedArrayBuffer");
  }
  return {reinterpret_cast<double*>(seconds.data), seconds.length};
}

}  // namespace

Napi::Function ProgramObject::define(Napi::Env env) {
  return DefineClass(env, kName,
                     {describe_method<ProgramObject, &ProgramObject::run>("run"),
                      describe_method<ProgramObject, &ProgramObject::instruction_count>("instructionCount"),
                      describe_method<ProgramObject, &ProgramObject::dispose>("dispose")});
}

Napi::Value ProgramObject::create(Napi::Env env, std::shared_ptr<DeviceState> device,
                                  std::shared_ptr<Executable> executable, std::vector<std::string> names) {
  const Napi::Object object = Environment::of(env).program_constructor.New({});
  ProgramObject& program = *Unwrap(object);
  program.device_ = std::move(device);
  program.executable_ = std::move(executable);
  program.names_ = std::move(names);
  program.account(program.executable_->bytes());
  return object;
}

ProgramObject::ProgramObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  napi_type_tag_object(info.Env(), info.This(), &kTag);
}

Napi::Value ProgramObject::run(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Environment& environment = Environment::of(env);
  std::unique_ptr<Run> run = environment.take_run();
  const std::vector<Napi::Value>& tensors = run->values();
  read_array(info[0], "tensors", names_.size(), run->values());
  const int32_t steps = read_integer(info[1], "steps", 1, INT32_MAX);
  const ArrayView control = read_control(info[2]);
  const std::span<double> seconds = read_seconds(info[3]);
  // From here on no JavaScript runs.
  if (!executable_) throw Error("DISPOSED", "The program has been disposed of.");
  account(executable_->bytes());
  run->prepare(device_, executable_, steps, reinterpret_cast<int32_t*>(control.data), seconds);
  if (tensors.size() != names_.size()) throw_invalid_argument("tensors", std::to_string(names_.size()) + " tensors");
  if (const size_t count = executable_->program().instruction_count(); !seconds.empty() && seconds.size() != count) {
    throw_invalid_argument("seconds", std::to_string(count) + " elements");
  }
  for (size_t i = 0; i < tensors.size(); ++i) {
    const TensorObject* const own = TensorObject::of(tensors[i]);
    if (own != nullptr && own->device() != device_) throw_invalid_argument(names_[i], "a tensor of this device");
    const LeasedRange range = check_tensor(i, own == nullptr ? tensors[i] : own->view(), steps);
    // The view's buffer may have grown.
    if (own != nullptr && range.end - range.begin != static_cast<uintptr_t>(own->bytes())) {
      throw_invalid_argument(names_[i], "a tensor that is as long as when it was allocated");
    }
    run->bind(range, own == nullptr ? nullptr : own->tensor().get());
  }
  acquire(run->lease());
  const Napi::Value promise = run->promise(env);
  // Promise hooks are JavaScript: they may have disposed of the device or started another run. The memory of the
  // tensors is held by the arguments of this call.
  if (run->begin() && !runs_at_once(env, steps) && run->pin(info[2], info[3])) {
    environment.start(std::move(run));
  } else {
    run->complete();
    environment.keep(std::move(run));
  }
  return promise;
}

Napi::Value ProgramObject::instruction_count(const Napi::CallbackInfo& info) {
  if (!executable_) throw Error("DISPOSED", "The program has been disposed of.");
  return Napi::Number::New(info.Env(), static_cast<double>(executable_->program().instruction_count()));
}

Napi::Value ProgramObject::dispose(const Napi::CallbackInfo& info) {
  release();
  return info.Env().Undefined();
}

void ProgramObject::release() {
  if (!executable_) return;
  account(0);
  executable_.reset();
  device_.reset();
}

void ProgramObject::account(int64_t bytes) {
  if (bytes == accounted_bytes_) return;
  Napi::MemoryManagement::AdjustExternalMemory(Env(), bytes - accounted_bytes_);
  accounted_bytes_ = bytes;
}

bool ProgramObject::runs_at_once(Napi::Env env, int32_t steps) const {
  // Runs of a device are executed one after the other, and only what no thread runs tells its time.
  if (!executable_ || !device_->runs_one()) return false;
  const auto time = executable_->expected_time(steps);
  return time && Environment::of(env).may_compute(*time);
}

LeasedRange ProgramObject::check_tensor(size_t index, Napi::Value value, int32_t steps) const {
  const Binding& binding = executable_->program().bindings[index];
  const auto dtype = static_cast<size_t>(binding.dtype);
  const std::string& name = names_[index];
  const ArrayView view = read_typed_array(value, name);
  if (view.type != kArrayTypes[dtype]) throw_invalid_argument(name, std::string("a ") + kArrayNames[dtype]);
  if (!view.shared) throw_invalid_argument(name, "a view over a SharedArrayBuffer");
  int64_t length = 0;
  if (!checked_multiply(binding.element_count, binding.per_step ? steps : 1, length) ||
      static_cast<uint64_t>(length) != view.length) {
    throw_invalid_argument(name, std::to_string(binding.element_count) + " elements" +
                                     (binding.per_step ? " for each of " + std::to_string(steps) + " steps" : ""));
  }
  const auto begin = reinterpret_cast<uintptr_t>(view.data);
  return {.begin = begin,
          .end = begin + static_cast<uintptr_t>(length * kDTypeBytes[dtype]),
          .writes = binding.access != Access::kRead,
          .binding = index};
}

void ProgramObject::acquire(Lease& lease) const {
  const auto conflict = lease.acquire();
  if (!conflict) return;
  const std::string& name = names_[conflict->binding];
  throw Error("TENSOR_IN_USE",
              conflict->other_binding
                  ? "The tensors bound to " + name + " and " + names_[*conflict->other_binding] +
                        " share memory that the run writes."
                  : "The tensor bound to " + name + " is in use by another run; wait for its promise first.");
}

}  // namespace bilevel::addon
