// Choosing among the builds of a *.isa.cpp source when the process starts.
#pragma once

#include <vector>

namespace bilevel::cpu {

// Of one table per instruction set, those that this processor can use, best first.
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
#else
template <typename Table>
std::vector<const Table*> usable_tables(const Table& baseline) {
  return {&baseline};
}
#endif

}  // namespace bilevel::cpu
