// Whether a function is declared as NVIDIA declares it.
#pragma once

#include <tuple>
#include <type_traits>

namespace bilevel::test {

// As a caller passes it: an enumeration of NVIDIA's is an int here, and what handles point to has names of our own.
template <typename Ours, typename Theirs>
constexpr bool passed_alike() {
  if constexpr (std::is_pointer_v<Ours> && std::is_pointer_v<Theirs>) {
    using Our = std::remove_pointer_t<Ours>;
    using Their = std::remove_pointer_t<Theirs>;
    if constexpr (std::is_void_v<Our> || std::is_void_v<Their> || std::is_class_v<Our> || std::is_class_v<Their>) {
      return std::is_void_v<Our> == std::is_void_v<Their> && std::is_class_v<Our> == std::is_class_v<Their> &&
             std::is_const_v<Our> == std::is_const_v<Their>;
    } else {
      return std::is_const_v<Our> == std::is_const_v<Their> && passed_alike<Our, Their>();
    }
  } else if constexpr (std::is_pointer_v<Ours> || std::is_pointer_v<Theirs>) {
    return false;
  } else {
    return sizeof(Ours) == sizeof(Theirs) && std::is_floating_point_v<Ours> == std::is_floating_point_v<Theirs>;
  }
}

template <typename Ours, typename Theirs>
struct SameFunction : std::false_type {};
template <typename R, typename... Ours, typename S, typename... Theirs>
requires(sizeof...(Ours) == sizeof...(Theirs)) struct SameFunction<R (*)(Ours...), S (*)(Theirs...)>
    : std::bool_constant<passed_alike<R, S>() && (passed_alike<Ours, Theirs>() && ...)> {
};

}  // namespace bilevel::test
