#include "addon/arguments.h"

#include "program/error.h"

namespace bilevel::addon {

void throw_invalid_argument(const std::string& parameter, const std::string& expected) {
  throw Error("INVALID_ARGUMENT", "Expected " + expected + " for " + parameter + ".");
}

int32_t read_integer(Napi::Value value, const std::string& parameter, int32_t low, int32_t high) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : low - 1.0;
  // The comparisons are false for NaN.
  if (!(number >= low && number <= high) || number != static_cast<int32_t>(number)) {
    throw_invalid_argument(parameter, "an integer from " + std::to_string(low) + " to " + std::to_string(high));
  }
  return static_cast<int32_t>(number);
}

void read_array(Napi::Value value, const std::string& parameter, std::vector<Napi::Value>& elements) {
  if (!value.IsArray()) throw_invalid_argument(parameter, "an array");
  const auto array = value.As<Napi::Array>();
  elements.resize(array.Length());
  for (uint32_t i = 0; i < elements.size(); ++i) elements[i] = array.Get(i);
}

std::vector<std::string> read_strings(Napi::Value value, const std::string& parameter) {
  std::vector<Napi::Value> elements;
  read_array(value, parameter, elements);
  std::vector<std::string> strings;
  for (const Napi::Value element : elements) {
    if (!element.IsString()) throw_invalid_argument(parameter, "an array of strings");
    strings.push_back(element.As<Napi::String>());
  }
  return strings;
}

ArrayView read_typed_array(Napi::Value value, const std::string& parameter) {
  ArrayView view{};
  void* data = nullptr;
  napi_value buffer = nullptr;
  size_t offset = 0;
  bool is_typed_array = false, is_array_buffer = false;
  const napi_env env = value.Env();
  if (napi_is_typedarray(env, value, &is_typed_array) != napi_ok || !is_typed_array ||
      napi_get_typedarray_info(env, value, &view.type, &view.length, &data, &buffer, &offset) != napi_ok ||
      napi_is_arraybuffer(env, buffer, &is_array_buffer) != napi_ok) {
    throw_invalid_argument(parameter, "a typed array");
  }
  view.data = static_cast<std::byte*>(data);
  view.shared = !is_array_buffer;
  return view;
}

}  // namespace bilevel::addon
