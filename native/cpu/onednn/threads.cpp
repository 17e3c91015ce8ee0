#include "cpu/onednn/threads.h"

#ifdef BILEVEL_OWN_THREADS

#include <dnnl_threadpool.h>
#include <dnnl_threadpool.hpp>

#include "cpu/kernel/parallel.h"

namespace bilevel::cpu::onednn {
namespace {

// The team of whichever thread calls the library.
class Pool : public dnnl::threadpool_interop::threadpool_iface {
 public:
  int get_num_threads() const override { return library_threads(); }
  // So it is in a helper, and in the part that the calling thread does.
  bool get_in_parallel() const override { return library_threads() == 1; }
  void parallel_for(int count, const std::function<void(int, int)>& body) override {
    parallel(count, [&](int part) {
      const TeamScope alone(1);
      body(part, count);
    });
  }
  uint64_t get_flags() const override { return 0; }
};

Pool pool;

}  // namespace

LibraryScope::LibraryScope(int threads) : team_(threads) {
  // What primitives are made for.
  dnnl_threadpool_interop_set_max_concurrency(threads);
}

dnnl::stream make_stream(const dnnl::engine& engine) { return dnnl::threadpool_interop::make_stream(engine, &pool); }

bool sgemm(char transpose_a, char transpose_b, int64_t m, int64_t n, int64_t k, const float* a, int64_t row_of_a,
           const float* b, int64_t row_of_b, float* c, int64_t row_of_c) {
  return dnnl_threadpool_interop_sgemm(transpose_a, transpose_b, m, n, k, 1.0f, a, row_of_a, b, row_of_b, 0.0f, c,
                                       row_of_c, &pool) == dnnl_success;
}

}  // namespace bilevel::cpu::onednn

#else

namespace bilevel::cpu::onednn {

LibraryScope::LibraryScope(int threads) : team_(threads) {}

dnnl::stream make_stream(const dnnl::engine& engine) { return dnnl::stream(engine); }

bool sgemm(char transpose_a, char transpose_b, int64_t m, int64_t n, int64_t k, const float* a, int64_t row_of_a,
           const float* b, int64_t row_of_b, float* c, int64_t row_of_c) {
  return dnnl_sgemm(transpose_a, transpose_b, m, n, k, 1.0f, a, row_of_a, b, row_of_b, 0.0f, c, row_of_c) ==
         dnnl_success;
}

}  // namespace bilevel::cpu::onednn

#endif
