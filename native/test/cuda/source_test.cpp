// Kernels put together into one source.
#include "cuda/codegen/source.h"

#include <array>
#include <string>

#include "program/error.h"
#include "test/support/test.h"

namespace bilevel::test {
namespace {

TEST(equal_kernels_are_one_and_different_ones_of_one_name_are_refused) {
  const cuda::Kernel a{.name = "k0", .text = "a"}, other_blocks{.name = "k0", .text = "a", .blocks = 7};
  const cuda::Kernel b{.name = "k1", .text = "b"}, imposter{.name = "k0", .text = "c"};
  CHECK(cuda::source_of(std::array{&a, &b, &other_blocks}) == "ab");
  std::string code;
  try {
    cuda::source_of(std::array{&a, &b, &imposter});
  } catch (const Error& error) {
    code = error.code();
  }
  CHECK(code == "INVALID_PROGRAM", code);
}

}  // namespace
}  // namespace bilevel::test
