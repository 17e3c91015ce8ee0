// Choosing among the builds of a *.isa.cpp source when the process starts.
#pragma once

#include <span>
#include <vector>

namespace bilevel::cpu {

// Defines `function`, whose result are the tables `name` of the builds that this processor can use, best first. Every
// build defines its own in the namespace of its instruction set.
#if defined(BILEVEL_HAS_X86_ISAS)
#define BILEVEL_DEFINE_TABLES(function, Table, name)                                           \
  namespace baseline {                                                                         \
  extern const Table name;                                                                     \
  }                                                                                            \
  namespace avx2 {                                                                             \
  extern const Table name;                                                                     \
  }                                                                                            \
  namespace avx512 {                                                                           \
  extern const Table name;                                                                     \
  }                                                                                            \
  std::span<const Table* const> function() {                                                   \
    static const std::vector usable = usable_tables(baseline::name, avx2::name, avx512::name); \
    return usable;                                                                             \
  }
#else
#define BILEVEL_DEFINE_TABLES(function, Table, name)                   \
  namespace baseline {                                                 \
  extern const Table name;                                             \
  }                                                                    \
  std::span<const Table* const> function() {                           \
    static const std::vector<const Table*> usable = {&baseline::name}; \
    return usable;                                                     \
  }
#endif

#if defined(BILEVEL_HAS_X86_ISAS)
template <typename Table>
std::vector<const Table*> usable_tables(const Table& baseline, const Table& avx2, const Table& avx512) {
  std::vector<const Table*> usable;
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl")) {
    usable.push_back(&avx512);
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) usable.push_back(&avx2);
  usable.push_back(&baseline);
  return usable;
}
#endif

}  // namespace bilevel::cpu
