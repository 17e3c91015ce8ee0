#include "cpu/onednn/library.h"

#include <dnnl.h>

namespace bilevel::cpu {

// On other processors the library's numbers of instruction sets mean others than their names say.
#if defined(__x86_64__) || defined(_M_X64)

namespace {

std::string instruction_set_name() {
  switch (dnnl_get_effective_cpu_isa()) {
    case dnnl_cpu_isa_sse41:
      return "SSE4.1";
    case dnnl_cpu_isa_avx:
      return "AVX";
    case dnnl_cpu_isa_avx2:
      return "AVX2";
    case dnnl_cpu_isa_avx2_vnni:
      return "AVX2 VNNI";
    case dnnl_cpu_isa_avx512_core:
      return "AVX-512";
    case dnnl_cpu_isa_avx512_core_vnni:
      return "AVX-512 VNNI";
    case dnnl_cpu_isa_avx512_core_bf16:
      return "AVX-512 BF16";
    case dnnl_cpu_isa_avx512_core_amx:
      return "AVX-512 AMX";
    default:
      return "generic";
  }
}

}  // namespace

bool supports_bfloat16() {
  const dnnl_cpu_isa_t isa = dnnl_get_effective_cpu_isa();
  return isa == dnnl_cpu_isa_avx512_core_bf16 || isa == dnnl_cpu_isa_avx512_core_amx;
}

#else

namespace {

std::string instruction_set_name() {
#if defined(__aarch64__) || defined(_M_ARM64)
  return "NEON";
#else
  return "generic";
#endif
}

}  // namespace

bool supports_bfloat16() { return false; }

#endif

Library describe_library() {
  const dnnl_version_t& version = *dnnl_version();
  return {std::to_string(version.major) + "." + std::to_string(version.minor) + "." + std::to_string(version.patch),
          instruction_set_name()};
}

}  // namespace bilevel::cpu
