#include "addon/ranks.h"

#include <string>

#include "addon/arguments.h"
#include "addon/callback.h"
#include "mpi/library.h"

namespace bilevel::addon {

Napi::Value join_ranks(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return guarded(env, [&]() -> Napi::Value {
    if (!info[0].IsString()) throw_invalid_argument("path", "a path");
    const int32_t seconds = read_integer(info[1], "seconds", 1, INT32_MAX);
    const mpi::Joined& joined = mpi::join(info[0].As<Napi::String>().Utf8Value(), seconds);
    auto hosts = Napi::Array::New(env, joined.hosts.size());
    for (uint32_t rank = 0; rank < joined.hosts.size(); ++rank) hosts.Set(rank, joined.hosts[rank]);
    auto result = Napi::Object::New(env);
    result.Set("rank", joined.rank);
    result.Set("hosts", hosts);
    return result;
  });
}

Napi::Value sums_of_ranks(const Napi::CallbackInfo& info) {
  const mpi::Sums sums = mpi::sums();
  auto result = Napi::Object::New(info.Env());
  result.Set("calls", static_cast<double>(sums.calls));
  result.Set("bytes", static_cast<double>(sums.bytes));
  return result;
}

Napi::Value leave_ranks(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    const int32_t status = read_integer(info[0], "status", 0, 255);
    if (status == 0) {
      mpi::leave();
    } else {
      mpi::abort(status);
    }
    return info.Env().Undefined();
  });
}

}  // namespace bilevel::addon
