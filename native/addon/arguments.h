// Reads JavaScript values as what the addon needs, or throws INVALID_ARGUMENT naming the parameter. Reading a property
// or an array element can run JavaScript (getters, proxies), and that can detach a buffer or dispose of an object. So
// callers read arrays and options first, then take the addresses of typed arrays, and then look at any state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "addon/napi_setup.h"

namespace bilevel::addon {

[[noreturn]] void throw_invalid_argument(const std::string& parameter, const std::string& expected);

// An integer from `low` to `high`.
int32_t read_integer(Napi::Value value, const std::string& parameter, int32_t low, int32_t high);

// Puts the elements of an array in place of what `elements` holds. Runs JavaScript. An array may claim any length, so
// more than `most` elements are refused before memory is taken for them.
void read_array(Napi::Value value, const std::string& parameter, size_t most, std::vector<Napi::Value>& elements);

// Runs JavaScript, as above. Throws LIMIT_EXCEEDED when the strings together have more than `most_bytes`.
std::vector<std::string> read_strings(Napi::Value value, const std::string& parameter, size_t most, size_t most_bytes);

struct ArrayView {
  napi_typedarray_type type;
  size_t length;  // in elements
  std::byte* data;
  bool shared;  // over a SharedArrayBuffer, which can be neither detached nor shrunk

  int64_t bytes() const;
};

// Any typed array. Runs no JavaScript; what it returns holds until something does. Only the typed-array call is used:
// on Node 20 all others refuse views over shared memory.
ArrayView read_typed_array(Napi::Value value, const std::string& parameter);

}  // namespace bilevel::addon
