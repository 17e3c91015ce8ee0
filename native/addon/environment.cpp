#include "addon/environment.h"

#include "addon/device_state.h"
#include "addon/run.h"
#include "program/error.h"

namespace bilevel::addon {

void Environment::attach(Napi::Env env) {
  auto environment = std::make_unique<Environment>(env);
  // Hooks run in reverse order: ours, registered after the thread-safe function has registered its own, joins the
  // device threads while the function still exists.
  napi_add_env_cleanup_hook(
      env, [](void* data) { static_cast<Environment*>(data)->shut_down(); }, environment.get());
  env.SetInstanceData(environment.release());
}

Environment::Environment(Napi::Env env)
    : env_(env), pack_(Napi::Persistent(env.RunScript("(...values) => values").As<Napi::Function>())) {
  const auto name = Napi::String::New(env, "bilevel run");
  const napi_status status =
      napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, this, on_post, &notify_);
  if (status != napi_ok) throw Error("NATIVE_FAILURE", "Cannot create the queue of finished runs.");
  napi_unref_threadsafe_function(env, notify_);
}

std::shared_ptr<DeviceState> Environment::create_device(std::shared_ptr<const Engine> engine) {
  if (closed_) throw Error("DISPOSED", "The process is ending; no device can be created.");
  auto device = std::make_shared<DeviceState>(std::move(engine));
  std::erase_if(devices_, [](const auto& known) { return known.expired(); });
  devices_.push_back(device);
  return device;
}

bool Environment::may_compute(std::chrono::nanoseconds time) const {
  constexpr std::chrono::microseconds kShort{50};
  constexpr std::chrono::milliseconds kLongestTurn{2};
  return time <= kShort && std::chrono::steady_clock::now() - turned_ <= kLongestTurn;
}

std::unique_ptr<Run> Environment::take_run() {
  if (free_runs_.empty()) return std::make_unique<Run>(*this);
  auto run = std::move(free_runs_.back());
  free_runs_.pop_back();
  return run;
}

void Environment::keep(std::unique_ptr<Run> run) {
  constexpr size_t kMostFree = 64;  // what a burst of calls needed is not held for ever
  if (free_runs_.size() < kMostFree) free_runs_.push_back(std::move(run));
}

void Environment::start(std::unique_ptr<Run> run) {
  if (runs_.empty()) napi_ref_threadsafe_function(env_, notify_);
  runs_.push_back(std::move(run));
  runs_.back()->start(runs_.size() - 1);
}

void Environment::post(Run& run) noexcept {
  // Fails only when the environment is closing; the cleanup hook then owns the run.
  napi_call_threadsafe_function(notify_, &run, napi_tsfn_nonblocking);
}

void Environment::on_post(napi_env env, napi_value, void* context, void* run) {
  auto& environment = *static_cast<Environment*>(context);
  // Node empties the queue of a closing environment without one; the runs are gone by then.
  if (env == nullptr || environment.closed_) return;
  environment.turned_ = std::chrono::steady_clock::now();
  environment.settle(*static_cast<Run*>(run));
}

Napi::ObjectReference Environment::pack(std::span<const Napi::Value> values) const {
  std::vector<napi_value> handles(values.begin(), values.end());
  return Napi::Persistent(pack_.Call(handles).As<Napi::Object>());
}

void Environment::settle(Run& settling) {
  const size_t position = settling.position();
  // Taken out first: promise hooks are JavaScript, which may start runs or shut down.
  std::unique_ptr<Run> run = std::move(runs_[position]);
  if (position + 1 < runs_.size()) {
    runs_[position] = std::move(runs_.back());
    runs_[position]->move_to(position);
  }
  runs_.pop_back();
  if (runs_.empty()) napi_unref_threadsafe_function(env_, notify_);
  run->settle();
  keep(std::move(run));
}

void Environment::shut_down() noexcept {
  closed_ = true;
  for (const auto& known : devices_) {
    if (const auto device = known.lock()) device->cancel();
  }
  for (const auto& known : devices_) {
    if (const auto device = known.lock()) device->stop();
  }
  runs_.clear();
}

}  // namespace bilevel::addon
