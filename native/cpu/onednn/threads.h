// How oneDNN gets the team's threads.
#pragma once

#include <dnnl.hpp>

#include "cpu/kernel/team.h"

namespace bilevel::cpu::onednn {

// For the lifetime of the scope, what the calling thread asks of the library is made for, or done by, so many threads.
class LibraryScope {
 public:
  explicit LibraryScope(int threads);

 private:
  TeamScope team_;
};

dnnl::stream make_stream(const dnnl::engine& engine);

// C = op(A) op(B) as dnnl_sgemm computes it, by the threads of the scope. False when the library refuses.
bool sgemm(char transpose_a, char transpose_b, int64_t m, int64_t n, int64_t k, const float* a, int64_t row_of_a,
           const float* b, int64_t row_of_b, float* c, int64_t row_of_c);

}  // namespace bilevel::cpu::onednn
