#include "test/support/test.h"

int main(int count, char** arguments) { return bilevel::test::run_tests(count, arguments); }
