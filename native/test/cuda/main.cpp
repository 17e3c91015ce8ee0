#include "test/cuda/fake_device.h"
#include "test/support/test.h"

int main(int count, char** arguments) {
  return bilevel::test::run_tests(count, arguments, [] {
    const int64_t failed = bilevel::test::take_failed_work();
    CHECK(failed == 0, failed, "pieces of work went wrong on the fake device");
  });
}
