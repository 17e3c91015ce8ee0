#include "addon/callback.h"

#include <new>
#include <system_error>

namespace bilevel::addon {

napi_value create_error(napi_env env, const char* code, const std::string& message) {
  napi_value code_value = nullptr, message_value = nullptr, error = nullptr;
  if (napi_create_string_utf8(env, code, NAPI_AUTO_LENGTH, &code_value) != napi_ok ||
      napi_create_string_utf8(env, message.data(), message.size(), &message_value) != napi_ok ||
      napi_create_error(env, nullptr, message_value, &error) != napi_ok) {
    return nullptr;
  }
  // Defined, not set: Error.prototype may have a setter.
  const napi_property_descriptor property{
      "code", nullptr, nullptr, nullptr, nullptr, code_value, napi_default_jsproperty, nullptr};
  if (napi_define_properties(env, error, 1, &property) != napi_ok) {
    return nullptr;
  }
  return error;
}

std::pair<const char*, std::string> describe_current_exception() noexcept {
  try {
    throw;
  } catch (const Error& error) {
    return {error.code(), error.what()};
  } catch (const std::bad_alloc&) {
    return {"LIMIT_EXCEEDED", "The machine has not enough memory for this."};
  } catch (const std::system_error& error) {
    // Of what is used here, only the start of a thread throws it.
    return {"LIMIT_EXCEEDED",
            std::string("The system lets this process start no further thread: ") + error.what() + "."};
  } catch (const std::exception& error) {
    return {"NATIVE_FAILURE", error.what()};
  }
}

}  // namespace bilevel::addon
