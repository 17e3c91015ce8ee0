#include "cpu/matmul/product_plan.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace bilevel::cpu {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();

int64_t vectors(int64_t count, int64_t lanes) { return (count + lanes - 1) / lanes; }

double volume(int64_t a, int64_t b, int64_t c = 1) {
  return static_cast<double>(a) * static_cast<double>(b) * static_cast<double>(c);
}

// About the cycles of a core that starts two vector multiply-adds in each, as measured with AVX-512 on products of
// 20 x 10 x 20 to 200 x 300 x 784.
double cost_of(ProductMethod method, const Matmul& p, int64_t lanes) {
  constexpr double kTransposed = 0.25;  // for an element
  if (method == ProductMethod::kDots) {
    if (p.transpose_a || p.k < kDotsDepth || (!p.transpose_b && p.m < 8)) return kNever;
    return volume(p.m, p.n) * (0.55 * static_cast<double>(vectors(p.k, lanes)) + 2) +
           (p.transpose_b ? 0 : kTransposed * volume(p.n, p.k));
  }
  // A thin A cannot hide how long a large B takes to come from memory.
  if (p.m <= 4 && p.n * p.k > int64_t{1} << (p.m == 1 ? 15 : 18)) return kNever;
  // Narrow rows take vectors of half the lanes or less.
  while (lanes > 4 && p.n < lanes) lanes /= 2;
  if (p.n < lanes) lanes = 1;
  return 0.5 * volume(p.m, p.k, vectors(p.n, lanes)) + (p.transpose_b ? kTransposed * volume(p.n, p.k) : 0);
}

// Beyond these sizes oneDNN is faster: it cuts k so that panels stay in the cache.
bool is_small(const Matmul& p) {
  constexpr int64_t kElements = int64_t{1} << 18;
  return p.k <= 1024 && p.m * p.k <= kElements && p.m * p.n <= kElements && p.n * p.k <= 4 * kElements &&
         volume(p.m, p.n, p.k) <= 0x1p26;
}

// oneDNN's cost hardly depends on the shape, unless it waits for memory.
double library_cost(const Matmul& p, int64_t lanes) {
  return std::max(0.5 * volume(p.m, p.n, p.k) / static_cast<double>(lanes),
                  0.15 * (volume(p.m, p.k) + volume(p.k, p.n) + volume(p.m, p.n)));
}

// The same for factors that are rounded to bfloat16 first, as measured with AVX-512 BF16 on products of 25 x 512 x 2048
// to 2048 x 2048 x 2048; with AMX the products are faster still.
double rounded_cost(const Matmul& p, int64_t lanes) {
  constexpr double kStarts = 25'000;  // of three primitives
  return 0.28 * volume(p.m, p.n, p.k) / static_cast<double>(lanes) + 0.6 * (volume(p.m, p.k) + volume(p.k, p.n)) +
         kStarts;
}

// Rounding has to make a product faster by a fifth at least: it costs accuracy.
constexpr double kWorthRounding = 0.8;

// A part has to be worth two microseconds. With three times as much, steps of softmax regression and of a small network
// at batch 25 take 5 % longer; with half of it, as long.
constexpr double kCostPerThread = 7'200;

struct Choice {
  ProductMethod method = ProductMethod::kLibrary;
  bool flipped = false;
  double cost = kNever;
};

Choice cheapest(const Matmul& p, int64_t lanes) {
  Choice best;
  for (const bool flip : {false, true}) {
    const Matmul computed = flip ? flipped(p) : p;
    if (!is_small(computed)) continue;
    for (const ProductMethod method : {ProductMethod::kRows, ProductMethod::kDots}) {
      const double cost = cost_of(method, computed, lanes) + (flip ? volume(p.m, p.n) : 0);
      if (cost < best.cost) best = {method, flip, cost};
    }
  }
  return best;
}

}  // namespace

Matmul flipped(const Matmul& product) {
  Matmul result = product;
  std::swap(result.m, result.n);
  std::swap(result.a, result.b);
  std::swap(result.offset_a, result.offset_b);
  result.transpose_a = !product.transpose_b;
  result.transpose_b = !product.transpose_a;
  return result;
}

ProductPlan plan_product(const Matmul& product, const ProductLoops& loops, Settings settings) {
  const int threads = settings.threads;
  const int64_t lanes = loops.lanes;
  const Choice choice = cheapest(product, lanes);
  const double cost = choice.method == ProductMethod::kLibrary ? library_cost(product, lanes) : choice.cost;
  const auto threads_for = [&](double work) {
    return static_cast<int>(std::clamp<double>(work / kCostPerThread, 1, threads));
  };
  // A library's call takes the whole team or none of it: OpenMP would end the threads that a smaller one has not.
  const auto team_for = [&](double work) { return threads_for(work) > 1 ? threads : 1; };
  const double rounded = rounded_cost(product, lanes);
  if (settings.precision == Precision::kBfloat16 && rounded < kWorthRounding * cost) {
    return {ProductMethod::kRounded, false, ProductSplit::kRows, team_for(rounded)};
  }
  const auto batch = static_cast<double>(product.batch);
  if (choice.method == ProductMethod::kLibrary) {
    if (product.batch >= 4 * threads) return {choice.method, false, ProductSplit::kBatch, threads_for(batch * cost)};
    return {choice.method, false, ProductSplit::kRows, team_for(cost)};
  }
  const int parts = threads_for(batch * cost);
  const Matmul computed = choice.flipped ? flipped(product) : product;
  ProductPlan plan{choice.method, choice.flipped, ProductSplit::kBatch, parts};
  const int64_t grain = plan.column_grain(loops);
  double least = kNever;
  for (const ProductSplit split : {ProductSplit::kBatch, ProductSplit::kRows, ProductSplit::kColumns}) {
    Matmul part = computed;  // the largest of its kind
    if (split == ProductSplit::kBatch) part.batch = vectors(part.batch, parts);
    if (split == ProductSplit::kRows) part.m = vectors(part.m, parts);
    if (split == ProductSplit::kColumns) part.n = std::min(part.n, vectors(vectors(part.n, grain), parts) * grain);
    const double part_cost = static_cast<double>(part.batch) * cost_of(choice.method, part, lanes);
    if (part_cost < least) {
      least = part_cost;
      plan.split = split;
    }
  }
  return plan;
}

}  // namespace bilevel::cpu
