#include "cpu/kernel/team.h"
#include "test/support/test.h"

int main(int count, char** arguments) {
  // What programs and kernels are run on, as on a device's thread.
  bilevel::cpu::Team team(4);
  return bilevel::test::run_tests(count, arguments);
}
