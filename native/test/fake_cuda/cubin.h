// What stands for the code that the fake compiler gives to the fake driver: text that begins with the mark and the
// number of the architecture, and then has for every kernel a line with its name and the library that it is in.
#pragma once

namespace bilevel::fake_cuda {

inline constexpr const char* kCubinMark = "fake-cubin";

}  // namespace bilevel::fake_cuda
