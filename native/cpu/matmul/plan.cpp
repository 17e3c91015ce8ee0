#include "cpu/matmul/plan.h"

#include <algorithm>
#include <limits>

namespace bilevel::cpu {
namespace {

int64_t vectors(int64_t count, int64_t lanes) { return (count + lanes - 1) / lanes; }

// About the cycles of a core that starts two vector multiply-adds in each, as measured with AVX-512 on products of
// 20 x 10 x 20 to 200 x 300 x 784.
double cost_of(ProductMethod method, int64_t m, int64_t n, int64_t k, int64_t lanes) {
  const double rows_times_depth = static_cast<double>(m) * static_cast<double>(k);
  if (method == ProductMethod::kDots)
    return static_cast<double>(m * n) * (0.55 * static_cast<double>(vectors(k, lanes)) + 2);
  // Narrow rows take vectors of half the lanes or less.
  while (lanes > 4 && n < lanes) lanes /= 2;
  if (n < lanes) lanes = 1;
  const double rows = 0.5 * rows_times_depth * static_cast<double>(vectors(n, lanes));
  return method == ProductMethod::kPacked ? rows + 0.25 * static_cast<double>(n * k) : rows;
}

// A thread is woken within half a microsecond while the team is awake, and in 140 when it sleeps: a part has to be
// worth some microseconds at least.
constexpr double kCostPerThread = 6 * 3'600;

// Beyond these sizes oneDNN is faster: it cuts k so that panels stay in the cache.
bool is_small(const Matmul& p) {
  return p.k <= 1024 && p.n * p.k <= int64_t{1} << 19 && p.m * p.n <= (int64_t{1} << 26) / p.k;
}

ProductMethod choose_method(const Matmul& p, int64_t lanes) {
  if (!is_small(p)) return ProductMethod::kLibrary;
  if (!p.transpose_b) return ProductMethod::kRows;
  const auto cost = [&](ProductMethod method) { return cost_of(method, p.m, p.n, p.k, lanes); };
  const bool dots = !p.transpose_a && p.k >= kDotsDepth;
  return dots && cost(ProductMethod::kDots) < cost(ProductMethod::kPacked) ? ProductMethod::kDots
                                                                           : ProductMethod::kPacked;
}

}  // namespace

ProductPlan plan_product(const Matmul& p, const ProductLoops& loops, int threads) {
  const int64_t lanes = loops.lanes;
  const ProductMethod method = choose_method(p, lanes);
  const double whole = static_cast<double>(p.batch) * cost_of(method, p.m, p.n, p.k, lanes);
  const int parts = static_cast<int>(std::clamp<double>(whole / kCostPerThread, 1, threads));
  ProductPlan best{method, ProductSplit::kBatch, parts};
  double least = std::numeric_limits<double>::infinity();
  for (const ProductSplit split : {ProductSplit::kBatch, ProductSplit::kRows, ProductSplit::kColumns}) {
    const bool rows = split == ProductSplit::kRows, columns = split == ProductSplit::kColumns;
    const int64_t m = rows ? vectors(p.m, parts) : p.m;
    const int64_t n = columns ? std::min(p.n, vectors(vectors(p.n, lanes), parts) * lanes) : p.n;
    const int64_t batch = rows || columns ? p.batch : vectors(p.batch, parts);
    const double cost = static_cast<double>(batch) * cost_of(method, m, n, p.k, lanes);
    if (cost < least) {
      least = cost;
      best.split = split;
    }
  }
  return best;
}

}  // namespace bilevel::cpu
