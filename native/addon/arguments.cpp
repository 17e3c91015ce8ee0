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

void read_array(Napi::Value value, const std::string& parameter, size_t most, std::vector<Napi::Value>& elements) {
  if (!value.IsArray()) throw_invalid_argument(parameter, "an array");
  const auto array = value.As<Napi::Array>();
  const uint32_t length = array.Length();
  if (length > most) throw_invalid_argument(parameter, "an array of at most " + std::to_string(most) + " elements");
  elements.resize(length);
  for (uint32_t i = 0; i < length; ++i) elements[i] = array.Get(i);
}

std::vector<std::string> read_strings(Napi::Value value, const std::string& parameter, size_t most, size_t most_bytes) {
  std::vector<Napi::Value> elements;
  read_array(value, parameter, most, elements);
  std::vector<std::string> strings;
  size_t bytes = 0;
  for (const Napi::Value element : elements) {
    if (!element.IsString()) throw_invalid_argument(parameter, "an array of strings");
    size_t length = 0;
    napi_get_value_string_utf8(element.Env(), element, nullptr, 0, &length);
    bytes += length;
    if (bytes > most_bytes) {
      throw Error("LIMIT_EXCEEDED", "The strings of " + parameter + " have more than " + std::to_string(most_bytes) +
                                        " bytes, which is the limit.");
    }
    strings.push_back(element.As<Napi::String>());
  }
  return strings;
}

int64_t ArrayView::bytes() const {
  const auto elements = static_cast<int64_t>(length);
  switch (type) {
    case napi_int8_array:
    case napi_uint8_array:
    case napi_uint8_clamped_array:
      return elements;
    case napi_int16_array:
    case napi_uint16_array:
      return elements * 2;
    case napi_float64_array:
    case napi_bigint64_array:
    case napi_biguint64_array:
      return elements * 8;
    default:
      return elements * 4;
  }
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
