// Compiles where the declarations of the compiler are those of nvrtc.h.
#include "cuda/libraries/compiler.h"

#include <nvrtc.h>

#include "test/declarations/same.h"

#define CHECK_FUNCTION(name, parameters)                                                                        \
  static_assert(bilevel::test::SameFunction<decltype(bilevel::cuda::Compiler::name), decltype(&::name)>::value, \
                #name " is declared in another way");
BILEVEL_COMPILER_FUNCTIONS(CHECK_FUNCTION)
static_assert(bilevel::cuda::kSuccess == NVRTC_SUCCESS);
