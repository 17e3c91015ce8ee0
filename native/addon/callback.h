// The way from JavaScript into a method of a wrapped object. Everything that can go wrong becomes a JavaScript
// exception here, with a code of lib/errors.ts; no C++ exception crosses the boundary.
#pragma once

#include <utility>

#include "addon/napi_setup.h"
#include "program/error.h"

namespace bilevel::addon {

// A JavaScript Error with a `code`; it is created, not thrown, and no JavaScript runs. Null when the environment may
// not run JavaScript any more.
napi_value create_error(napi_env env, const char* code, const std::string& message);

// The code and message for the exception being handled; call it inside a catch block.
std::pair<const char*, std::string> describe_current_exception() noexcept;

// Calls `body`; whatever it throws leaves as a Napi::Error, which node-addon-api's own callbacks hand to JavaScript.
template <typename Body>
auto guarded(napi_env env, Body&& body) {
  try {
    return body();
  } catch (const Napi::Error&) {  // thrown by JavaScript that a getter or a proxy ran
    throw;
  } catch (...) {
    const auto [code, message] = describe_current_exception();
    throw Napi::Error(env, create_error(env, code, message));
  }
}

// The callback for `method` of T, an ObjectWrap with a static kTag and kName.
template <typename T, Napi::Value (T::*method)(const Napi::CallbackInfo&)>
napi_value callback(napi_env env, napi_callback_info raw_info) {
  try {
    const Napi::CallbackInfo info(env, raw_info);
    return guarded(env, [&]() -> napi_value {
      bool is_ours = false;
      void* object = nullptr;
      if (napi_check_object_type_tag(env, info.This(), &T::kTag, &is_ours) != napi_ok || !is_ours ||
          napi_unwrap(env, info.This(), &object) != napi_ok) {
        throw Error("INVALID_ARGUMENT", std::string("The method was not called on a ") + T::kName + ".");
      }
      return (static_cast<T*>(object)->*method)(info);
    });
  } catch (const Napi::Error& error) {
    error.ThrowAsJavaScriptException();
    return nullptr;
  }
}

template <typename T, Napi::Value (T::*method)(const Napi::CallbackInfo&)>
napi_property_descriptor describe_method(const char* name) {
  return {name, nullptr, callback<T, method>, nullptr, nullptr, nullptr, napi_default_method, nullptr};
}

}  // namespace bilevel::addon
