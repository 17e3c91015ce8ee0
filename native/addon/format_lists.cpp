#include "addon/format_lists.h"

#include <array>
#include <string>
#include <string_view>

#include "program/tape.h"

namespace bilevel::addon {
namespace {

template <size_t n>
Napi::Array create_list(Napi::Env env, const std::array<std::string_view, n>& names) {
  auto list = Napi::Array::New(env, n);
  for (uint32_t i = 0; i < n; ++i) list.Set(i, std::string(names[i]));
  return list;
}

}  // namespace

Napi::Object create_format_lists(Napi::Env env) {
  auto lists = Napi::Object::New(env);
  lists.Set("version", static_cast<double>(kFormatVersion));
  lists.Set("dtypes", create_list(env, kDTypeNames));
  lists.Set("bufferKinds", create_list(env, kBufferKindNames));
  lists.Set("access", create_list(env, kAccessNames));
  lists.Set("opcodes", create_list(env, kOpcodeNames));
  lists.Set("tapeOps", create_list(env, kTapeOpNames));
  lists.Set("outputModes", create_list(env, kOutputModeNames));
  return lists;
}

}  // namespace bilevel::addon
