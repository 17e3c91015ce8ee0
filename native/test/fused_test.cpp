// The fused kernel against an interpreter that walks the iteration space element by element. Both round to float after
// every step, so that elementwise results must agree exactly.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "test/test.h"
#include "test/workbench.h"

namespace bilevel::test {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

struct Register {
  bool is_float = true;
  float f = 0;
  int64_t i = 0;
};

Register of(float value) { return {true, value, 0}; }
Register of(bool value) { return {true, value ? 1.0f : 0.0f, 0}; }
Register of(int64_t value) { return {false, 0, value}; }

int64_t saturate(float x) {
  if (std::isnan(x)) return 0;
  if (x >= 9223372036854775808.0f) return std::numeric_limits<int64_t>::max();
  if (x < -9223372036854775808.0f) return std::numeric_limits<int64_t>::min();
  return static_cast<int64_t>(x);
}

int64_t wrapped(unsigned __int128 x) { return static_cast<int64_t>(static_cast<uint64_t>(x)); }

Register integer_result(TapeOp op, int64_t a, int64_t b) {
  const auto wide = [](int64_t x) { return static_cast<unsigned __int128>(x); };
  switch (op) {
    case TapeOp::kNeg:
      return of(wrapped(0 - wide(a)));
    case TapeOp::kAbs:
      return of(a < 0 ? wrapped(0 - wide(a)) : a);
    case TapeOp::kSign:
      return of(static_cast<int64_t>(a > 0) - static_cast<int64_t>(a < 0));
    case TapeOp::kAdd:
      return of(wrapped(wide(a) + wide(b)));
    case TapeOp::kSub:
      return of(wrapped(wide(a) - wide(b)));
    case TapeOp::kMul:
      return of(wrapped(wide(a) * wide(b)));
    case TapeOp::kDiv:
      return of(b == 0 ? 0 : b == -1 ? wrapped(0 - wide(a)) : a / b);
    case TapeOp::kMaximum:
      return of(std::max(a, b));
    case TapeOp::kMinimum:
      return of(std::min(a, b));
    case TapeOp::kEqual:
      return of(a == b);
    case TapeOp::kNotEqual:
      return of(a != b);
    case TapeOp::kLess:
      return of(a < b);
    case TapeOp::kLessEqual:
      return of(a <= b);
    case TapeOp::kGreater:
      return of(a > b);
    case TapeOp::kGreaterEqual:
      return of(a >= b);
    case TapeOp::kToFloat:
      return of(static_cast<float>(a));
    case TapeOp::kToInteger:
      return of(a);
    case TapeOp::kToBool:
      return of(a != 0);
    default:
      throw Failure("no such operation on integers");
  }
}

Register float_result(TapeOp op, float a, float b) {
  const double x = static_cast<double>(a);
  switch (op) {
    case TapeOp::kNeg:
      return of(-a);
    case TapeOp::kExp:
      return of(static_cast<float>(std::exp(x)));
    case TapeOp::kLog:
      return of(static_cast<float>(std::log(x)));
    case TapeOp::kSqrt:
      return of(std::sqrt(a));
    case TapeOp::kAbs:
      return of(std::abs(a));
    case TapeOp::kSign:
      return of(a > 0 ? 1.0f : a < 0 ? -1.0f : a);
    case TapeOp::kTanh:
      return of(static_cast<float>(std::tanh(x)));
    case TapeOp::kSigmoid:
      return of(static_cast<float>(1 / (1 + std::exp(-x))));
    case TapeOp::kErf:
      return of(static_cast<float>(std::erf(x)));
    case TapeOp::kRelu:
      return of(a < 0 ? 0.0f : a);
    case TapeOp::kSoftplus:
      return of(static_cast<float>((x < 0 ? 0.0 : x) + std::log1p(std::exp(-std::abs(x)))));
    case TapeOp::kSin:
      return of(static_cast<float>(std::sin(x)));
    case TapeOp::kCos:
      return of(static_cast<float>(std::cos(x)));
    case TapeOp::kFloor:
      return of(std::floor(a));
    case TapeOp::kCeil:
      return of(std::ceil(a));
    case TapeOp::kRound:
      return of(std::nearbyint(a));
    case TapeOp::kNot:
      return of(a == 0);
    case TapeOp::kAdd:
      return of(a + b);
    case TapeOp::kSub:
      return of(a - b);
    case TapeOp::kMul:
      return of(a * b);
    case TapeOp::kDiv:
      return of(a / b);
    case TapeOp::kPow:
      return of(static_cast<float>(std::pow(x, static_cast<double>(b))));
    case TapeOp::kMaximum:
      return of(std::isnan(a) || std::isnan(b) ? kNaN : std::max(a, b));
    case TapeOp::kMinimum:
      return of(std::isnan(a) || std::isnan(b) ? kNaN : std::min(a, b));
    case TapeOp::kEqual:
      return of(a == b);
    case TapeOp::kNotEqual:
      return of(a != b);
    case TapeOp::kLess:
      return of(a < b);
    case TapeOp::kLessEqual:
      return of(a <= b);
    case TapeOp::kGreater:
      return of(a > b);
    case TapeOp::kGreaterEqual:
      return of(a >= b);
    case TapeOp::kAnd:
      return of(a != 0 && b != 0);
    case TapeOp::kOr:
      return of(a != 0 || b != 0);
    case TapeOp::kToFloat:
      return of(a);
    case TapeOp::kToInteger:
      return of(saturate(a));
    case TapeOp::kToBool:
      return of(a != 0);
    default:
      throw Failure("no such operation on floats");
  }
}

Register result_of(const TapeStep& step, const std::vector<Register>& registers) {
  const Register &a = registers[static_cast<size_t>(step.a)], &b = registers[static_cast<size_t>(step.b)];
  if (step.op == TapeOp::kConstant) return of(static_cast<float>(step.immediate));
  if (step.op == TapeOp::kWhere) return a.f != 0 ? b : registers[static_cast<size_t>(step.c)];
  return a.is_float ? float_result(step.op, a.f, b.f) : integer_result(step.op, a.i, b.i);
}

bool is_float(DType dtype) { return dtype == DType::kFloat32 || dtype == DType::kBool; }

double stored(const Register& value, DType dtype) {
  switch (dtype) {
    case DType::kFloat32:
      return static_cast<double>(value.f);
    case DType::kBool:
      return value.f != 0;
    case DType::kInt32:
      return static_cast<double>(static_cast<int32_t>(static_cast<uint32_t>(value.i)));
    case DType::kInt64:
      return static_cast<double>(value.i);
  }
  return 0;
}

// The contents of every buffer that an output names, after the instruction. For sums also the sum of magnitudes, the
// scale of what rounding may change.
struct Expected {
  std::vector<std::vector<double>> buffers, scales;
};

Expected interpret(const Workbench& bench, const Fused& fused) {
  std::vector<std::vector<double>> memory;
  const size_t buffer_count = bench.program().buffers.size();
  for (size_t b = 0; b < buffer_count; ++b) memory.push_back(bench.values(static_cast<int32_t>(b)));
  Expected expected{memory, memory};
  for (auto& scale : expected.scales) std::fill(scale.begin(), scale.end(), 0.0);

  std::vector<int64_t> index(fused.sizes.size());
  const auto dtype = [&](const View& view) { return bench.program().buffers[static_cast<size_t>(view.buffer)].dtype; };
  const auto element = [&](const View& view) {
    return static_cast<size_t>(std::inner_product(index.begin(), index.end(), view.strides.begin(), view.offset));
  };
  // Calls body for every index; dimensions from `from` to `to` stay at 0.
  const auto each = [&](size_t from, size_t to, const auto& body) {
    for (size_t d = 0; d < index.size(); ++d) {
      if (fused.sizes[d] == 0 && (d < from || d >= to)) return;
    }
    std::fill(index.begin(), index.end(), 0);
    while (true) {
      body();
      size_t d = index.size();
      while (d-- > 0) {
        if (d >= from && d < to) continue;
        if (++index[d] < fused.sizes[d]) break;
        index[d] = 0;
      }
      if (d == static_cast<size_t>(-1)) return;
    }
  };
  const auto outer = static_cast<size_t>(fused.outer), kept = outer + static_cast<size_t>(fused.reduced);
  for (const FusedOutput& output : fused.outputs) {
    if (output.mode == OutputMode::kStore) continue;
    each(outer, kept, [&] {
      expected.buffers[static_cast<size_t>(output.view.buffer)][element(output.view)] =
          output.mode == OutputMode::kSum ? 0 : -std::numeric_limits<double>::infinity();
    });
  }
  each(0, 0, [&] {
    std::vector<Register> registers(kMaxRegisters);
    for (size_t i = 0; i < fused.operands.size(); ++i) {
      const View& view = fused.operands[i];
      const double value = memory[static_cast<size_t>(view.buffer)][element(view)];
      registers[i] = is_float(dtype(view)) ? of(static_cast<float>(value)) : of(static_cast<int64_t>(value));
    }
    for (const TapeStep& step : fused.tape)
      registers[static_cast<size_t>(step.destination)] = result_of(step, registers);
    for (const FusedOutput& output : fused.outputs) {
      const Register& value = registers[static_cast<size_t>(output.register_index)];
      double& to = expected.buffers[static_cast<size_t>(output.view.buffer)][element(output.view)];
      if (output.mode == OutputMode::kStore) {
        to = stored(value, dtype(output.view));
      } else if (output.mode == OutputMode::kSum) {
        to += static_cast<double>(value.f);
        expected.scales[static_cast<size_t>(output.view.buffer)][element(output.view)] +=
            std::abs(static_cast<double>(value.f));
      } else if (std::isnan(value.f) || static_cast<double>(value.f) > to) {
        to = static_cast<double>(value.f);
      }
    }
  });
  return expected;
}

void run_and_check(Workbench& bench, const Fused& fused, int threads, const std::string& what) {
  const Expected expected = interpret(bench, fused);
  bench.run(fused, threads);
  for (size_t b = 0; b < expected.buffers.size(); ++b) {
    const std::vector<double> actual = bench.values(static_cast<int32_t>(b));
    for (size_t i = 0; i < actual.size(); ++i) {
      const double a = actual[i], e = expected.buffers[b][i];
      const bool close =
          a == e || (std::isnan(a) && std::isnan(e)) || std::abs(a - e) <= 1.2e-7 * expected.scales[b][i];
      CHECK(close, what, "buffer", b, "element", i, "is", a, "expected", e);
    }
  }
}

// Random instructions.

class Maker {
 public:
  Maker(Workbench& bench, Random& random) : bench_(bench), random_(random) {}

  Fused make(std::vector<int64_t> sizes, int32_t outer, int32_t reduced) {
    fused_ = {};
    fused_.sizes = std::move(sizes);
    fused_.outer = reduced == 0 ? static_cast<int32_t>(fused_.sizes.size()) : outer;
    fused_.reduced = reduced;
    const int64_t operands = random_.integer(0, 4);
    for (int64_t i = 0; i < operands; ++i) add_operand();
    const int64_t steps = random_.integer(operands == 0 ? 1 : 0, 12);
    for (int64_t i = 0; i < steps; ++i) add_step();
    const int64_t outputs = random_.integer(1, 3);
    for (int64_t i = 0; i < outputs; ++i) add_output();
    return fused_;
  }

 private:
  // Strides for a buffer in which the dimensions lie in a random order, some repeated, some backwards, some with gaps.
  View random_view(bool may_repeat, int64_t& count) {
    std::vector<size_t> order(fused_.sizes.size());
    std::iota(order.begin(), order.end(), size_t{0});
    if (random_.chance(0.4)) {
      for (size_t i = order.size(); i > 1; --i)
        std::swap(order[i - 1], order[static_cast<size_t>(random_.integer(0, static_cast<int64_t>(i) - 1))]);
    }
    View view{0, random_.chance(0.5) ? 0 : random_.integer(0, 5), std::vector<int64_t>(fused_.sizes.size())};
    const bool plain = random_.chance(0.4);
    int64_t extent = 1;
    for (size_t i = order.size(); i-- > 0;) {
      const size_t d = order[i];
      const bool is_reduced =
          static_cast<int32_t>(d) >= fused_.outer && static_cast<int32_t>(d) < fused_.outer + fused_.reduced;
      if (may_repeat ? !plain && random_.chance(0.35) : is_reduced) continue;
      if (!plain && random_.chance(0.1)) extent *= 2;
      view.strides[d] = extent;
      extent *= std::max<int64_t>(fused_.sizes[d], 1);
      if (!plain && random_.chance(0.1)) {
        view.offset += view.strides[d] * std::max<int64_t>(fused_.sizes[d] - 1, 0);
        view.strides[d] = -view.strides[d];
      }
    }
    count = extent + view.offset + 1;
    // Nothing of an operand of an empty space may be read.
    for (const int64_t size : fused_.sizes) count = may_repeat && size == 0 ? 0 : count;
    return view;
  }

  void add_operand() {
    int64_t count = 0;
    View view = random_view(true, count);
    const DType dtype = random_.pick<DType>(
        {DType::kFloat32, DType::kFloat32, DType::kFloat32, DType::kBool, DType::kInt32, DType::kInt64});
    const std::vector<double> values = dtype == DType::kFloat32 ? random_.reals(count)
                                       : dtype == DType::kBool  ? random_.integers(count, 0, 1)
                                                                : random_.integers(count, -4, 4);
    view.buffer = bench_.add(dtype, values);
    classes_[fused_.operands.size()] = is_float(dtype);
    written_.push_back(static_cast<int32_t>(fused_.operands.size()));
    fused_.operands.push_back(view);
  }

  int32_t pick_register(bool wanted_float) {
    std::vector<int32_t> fitting;
    for (const int32_t r : written_) {
      if (classes_[static_cast<size_t>(r)] == wanted_float) fitting.push_back(r);
    }
    return fitting.empty() ? -1 : random_.pick(fitting);
  }

  void add_step() {
    const bool on_float = random_.chance(0.7);
    const int32_t a = pick_register(on_float), b = pick_register(on_float), condition = pick_register(true);
    TapeStep step{TapeOp::kConstant, next_register(), 0, 0, 0, std::round(random_.real() * 8) / 4};
    bool result_is_float = true;
    if (a >= 0) {
      // Exactly rounded operations, so that a wrong element cannot hide behind a tolerance.
      static const std::vector<TapeOp> kFloat = {
          TapeOp::kConstant, TapeOp::kNeg,      TapeOp::kSqrt,      TapeOp::kAbs,     TapeOp::kSign, TapeOp::kRelu,
          TapeOp::kFloor,    TapeOp::kCeil,     TapeOp::kRound,     TapeOp::kAdd,     TapeOp::kSub,  TapeOp::kMul,
          TapeOp::kMul,      TapeOp::kAdd,      TapeOp::kMaximum,   TapeOp::kMinimum, TapeOp::kLess, TapeOp::kEqual,
          TapeOp::kGreater,  TapeOp::kWhere,    TapeOp::kToInteger, TapeOp::kToBool,  TapeOp::kNot,  TapeOp::kToFloat,
          TapeOp::kDiv,      TapeOp::kNotEqual, TapeOp::kWhere};
      static const std::vector<TapeOp> kInteger = {
          TapeOp::kNeg,     TapeOp::kAbs,       TapeOp::kSign,         TapeOp::kAdd,       TapeOp::kSub,
          TapeOp::kMul,     TapeOp::kDiv,       TapeOp::kWhere,        TapeOp::kMaximum,   TapeOp::kMinimum,
          TapeOp::kToFloat, TapeOp::kLessEqual, TapeOp::kGreaterEqual, TapeOp::kToInteger, TapeOp::kToBool};
      step.op = random_.pick(on_float ? kFloat : kInteger);
      step.a = step.op == TapeOp::kConstant ? 0 : a;
      if (step.op >= TapeOp::kAdd && step.op <= TapeOp::kOr) step.b = b;
      result_is_float = step.op == TapeOp::kToInteger
                            ? false
                            : on_float || step.op == TapeOp::kToFloat || step.op == TapeOp::kToBool ||
                                  (step.op >= TapeOp::kEqual && step.op <= TapeOp::kGreaterEqual);
      if (step.op == TapeOp::kWhere) {
        if (condition < 0) return;
        step.a = condition;
        step.b = a;
        step.c = b;
      }
    }
    classes_[static_cast<size_t>(step.destination)] = result_is_float;
    if (std::find(written_.begin(), written_.end(), step.destination) == written_.end())
      written_.push_back(step.destination);
    fused_.tape.push_back(step);
  }

  // Few registers, so that they are written again.
  int32_t next_register() {
    return static_cast<int32_t>(fused_.operands.size()) + static_cast<int32_t>(random_.integer(0, 5));
  }

  void add_output() {
    const bool reduces = fused_.reduced > 0;
    const int32_t source =
        pick_register(true) >= 0 && (reduces || random_.chance(0.8)) ? pick_register(true) : pick_register(false);
    if (source < 0 || (reduces && !classes_[static_cast<size_t>(source)])) {
      if (fused_.outputs.empty()) {
        fused_.tape.push_back({TapeOp::kConstant, 255, 0, 0, 0, 1.5});
        classes_[255] = true;
        written_.push_back(255);
        add_output();
      }
      return;
    }
    const bool from_float = classes_[static_cast<size_t>(source)];
    FusedOutput output{
        reduces ? random_.pick<OutputMode>({OutputMode::kSum, OutputMode::kMax}) : OutputMode::kStore, source, {}};
    const DType dtype = reduces      ? DType::kFloat32
                        : from_float ? random_.pick<DType>({DType::kFloat32, DType::kFloat32, DType::kBool})
                                     : random_.pick<DType>({DType::kInt32, DType::kInt64});
    int64_t count = 0;
    output.view = random_view(false, count);
    output.view.buffer = bench_.add_result(dtype, count);
    if (!reduces && random_.chance(0.3)) write_over_an_operand(output, dtype);
    fused_.outputs.push_back(output);
  }

  // In place: the same view of an operand that no other output has taken and whose elements are all different.
  void write_over_an_operand(FusedOutput& output, DType dtype) {
    for (const View& view : fused_.operands) {
      bool usable = bench_.program().buffers[static_cast<size_t>(view.buffer)].dtype == dtype;
      for (size_t d = 0; d < fused_.sizes.size(); ++d)
        usable = usable && (view.strides[d] != 0 || fused_.sizes[d] <= 1);
      for (const FusedOutput& other : fused_.outputs) usable = usable && other.view.buffer != view.buffer;
      if (!usable) continue;
      output.view = view;
      return;
    }
  }

  Workbench& bench_;
  Random& random_;
  Fused fused_;
  std::array<bool, kMaxRegisters> classes_{};
  std::vector<int32_t> written_;
};

TEST(fused_instructions_agree_with_the_interpreter) {
  for (uint32_t seed = 0; seed < 1500; ++seed) {
    Random random(seed);
    Workbench bench;
    const int64_t rank = random.integer(0, 4);
    std::vector<int64_t> sizes;
    for (int64_t d = 0; d < rank; ++d) sizes.push_back(random.pick<int64_t>({1, 2, 3, 5, 8, 17}));
    if (rank > 0 && random.chance(0.05)) sizes[static_cast<size_t>(random.integer(0, rank - 1))] = 0;
    if (rank > 0 && random.chance(0.15))
      sizes[static_cast<size_t>(random.integer(0, rank - 1))] = random.pick<int64_t>({300, 1031, 2500});
    const auto outer = static_cast<int32_t>(random.integer(0, rank));
    const int32_t reduced = random.chance(0.5) ? 0 : static_cast<int32_t>(random.integer(0, rank - outer));
    const Fused fused = Maker(bench, random).make(sizes, outer, reduced);
    run_and_check(bench, fused, random.chance(0.5) ? 1 : 2, "seed " + std::to_string(seed));
  }
}

TEST(large_fused_instructions_are_shared_by_threads) {
  struct Space {
    std::vector<int64_t> sizes;
    int32_t outer, reduced;
  };
  // Maps; sums over rows, columns, everything, and the middle.
  const std::vector<Space> spaces = {{{700, 301}, 2, 0},   {{900, 203}, 1, 1},    {{20011, 10}, 0, 1},
                                     {{120, 2500}, 0, 1},  {{200003}, 0, 1},      {{16, 6, 30, 30}, 1, 1},
                                     {{3, 90, 700}, 1, 1}, {{3, 50, 1400}, 1, 2}, {{5000, 2, 20}, 2, 1}};
  for (uint32_t seed = 0; seed < 54; ++seed) {
    Random random(seed + 100);
    Workbench bench;
    const Space& space = spaces[seed % spaces.size()];
    const Fused fused = Maker(bench, random).make(space.sizes, space.outer, space.reduced);
    run_and_check(bench, fused, 2, "seed " + std::to_string(seed));
  }
}

TEST(transposed_views_of_every_dtype) {
  Random random(7);
  for (const int64_t rows : {5, 17, 32, 600}) {
    for (const int64_t columns : {40, 512, 1024}) {
      // Operands along rows and columns of a stack of two matrices; outputs of both kinds.
      const std::vector<int64_t> along_rows = {rows * columns, columns, 1}, along_columns = {rows * columns, 1, rows};
      const int64_t count = 2 * rows * columns;
      Workbench bench;
      Fused fused{3, 0, {2, rows, columns}, {}, {}, {}};
      fused.operands.push_back({bench.add(DType::kFloat32, random.reals(count)), 0, along_rows});
      fused.operands.push_back({bench.add(DType::kFloat32, random.reals(count)), 0, along_columns});
      fused.operands.push_back({bench.add(DType::kBool, random.integers(count, 0, 1)), 0, along_columns});
      fused.operands.push_back({bench.add(DType::kInt32, random.integers(count, -9, 9)), 0, along_columns});
      fused.tape = {{TapeOp::kSub, 4, 0, 1, 0, 0}, {TapeOp::kWhere, 5, 2, 4, 1, 0}};
      fused.outputs.push_back({OutputMode::kStore, 5, {bench.add_result(DType::kFloat32, count), 0, along_rows}});
      fused.outputs.push_back({OutputMode::kStore, 4, {bench.add_result(DType::kFloat32, count), 0, along_columns}});
      fused.outputs.push_back({OutputMode::kStore, 3, {bench.add_result(DType::kInt64, count), 0, along_rows}});
      fused.outputs.push_back({OutputMode::kStore, 2, {bench.add_result(DType::kBool, count), 0, along_rows}});
      run_and_check(bench, fused, 2, std::to_string(rows) + " x " + std::to_string(columns));
    }
  }
}

std::vector<double> tricky_floats() {
  std::vector<double> values = {0,    -0.0,      1,          -1,   0.5,    -0.5,  1.5,  2.5, -2.5,
                                3e38, -3e38,     1e-40,      88.9, -104.5, 100,   -100, 10,  1e19,
                                9e18, kInfinity, -kInfinity, kNaN, 4.75,   -1e19, 0.3,  7e-3};
  for (double& value : values) value = static_cast<double>(static_cast<float>(value));
  return values;
}

// Every operation on every pair of tricky values.
void check_operation(TapeOp op, DType dtype, const std::vector<double>& values) {
  const auto n = static_cast<int64_t>(values.size());
  Workbench bench;
  const int32_t x = bench.add(dtype, values),
                condition = bench.add(DType::kBool, std::vector<double>(values.size(), 1));
  const bool gives_integer =
      op == TapeOp::kToInteger || (dtype == DType::kInt64 && op != TapeOp::kToFloat && op != TapeOp::kToBool &&
                                   !(op >= TapeOp::kEqual && op <= TapeOp::kGreaterEqual));
  const int32_t y = bench.add_result(gives_integer ? DType::kInt64 : DType::kFloat32, n * n);
  Fused fused{2, 0, {n, n}, {{x, 0, {1, 0}}, {x, 0, {0, 1}}, {condition, 0, {1, 0}}}, {{op, 3, 0, 0, 0, 0}}, {}};
  if (op >= TapeOp::kAdd && op <= TapeOp::kOr) fused.tape[0].b = 1;
  if (op == TapeOp::kWhere) fused.tape[0] = {op, 3, 2, 0, 1, 0};
  fused.outputs = {{OutputMode::kStore, 3, {y, 0, {n, 1}}}};
  const std::vector<double> expected = interpret(bench, fused).buffers[static_cast<size_t>(y)];
  bench.run(fused);
  const std::vector<double> actual = bench.values(y);
  for (size_t i = 0; i < actual.size(); ++i) {
    const double a = actual[i], e = expected[i];
    const bool same = a == e || (std::isnan(a) && std::isnan(e)) ||
                      std::abs(a - e) <= 4.5 * std::max(std::abs(e) * 0x1p-24, 0x1p-150);
    CHECK(same, kTapeOpNames[static_cast<size_t>(op)], values[i / values.size()], values[i % values.size()], "is", a,
          "expected", e);
  }
}

TEST(every_tape_operation_on_floats) {
  for (size_t op = 1; op < kTapeOpNames.size(); ++op) {
    const auto code = static_cast<TapeOp>(op);
    const bool logical = code == TapeOp::kNot || code == TapeOp::kAnd || code == TapeOp::kOr;
    check_operation(code, DType::kFloat32, logical ? std::vector<double>{0, 1} : tricky_floats());
  }
}

TEST(every_tape_operation_on_integers) {
  const std::vector<double> values = {
      0, 1, -1, 2, 7, -7, 4611686018427387904.0, -4611686018427387904.0, -9223372036854775808.0, 1000003};
  for (const TapeOp op : {TapeOp::kNeg, TapeOp::kAbs, TapeOp::kSign, TapeOp::kAdd, TapeOp::kSub, TapeOp::kMul,
                          TapeOp::kDiv, TapeOp::kMaximum, TapeOp::kMinimum, TapeOp::kEqual, TapeOp::kNotEqual,
                          TapeOp::kLess, TapeOp::kLessEqual, TapeOp::kGreater, TapeOp::kGreaterEqual, TapeOp::kWhere,
                          TapeOp::kToFloat, TapeOp::kToInteger, TapeOp::kToBool}) {
    check_operation(op, DType::kInt64, values);
  }
}

TEST(max_propagates_nan_in_every_position) {
  for (const bool inner : {false, true}) {
    for (int64_t position = 0; position < 37; ++position) {
      Workbench bench;
      std::vector<double> values(37, 3);
      values[static_cast<size_t>(position)] = kNaN;
      // As a segment, and as 37 rows of one column beside others.
      std::vector<double> matrix;
      for (const double value : values) matrix.insert(matrix.end(), {value, 1, -kInfinity});
      const int32_t x = bench.add(DType::kFloat32, inner ? matrix : values),
                    y = bench.add_result(DType::kFloat32, inner ? 3 : 1);
      if (inner) {
        bench.run(Fused{0, 1, {37, 3}, {{x, 0, {3, 1}}}, {}, {{OutputMode::kMax, 0, {y, 0, {0, 1}}}}});
        check_close(bench.values(y), {kNaN, 1, -kInfinity}, 0, 1, "max");
      } else {
        bench.run(Fused{0, 1, {37}, {{x, 0, {1}}}, {}, {{OutputMode::kMax, 0, {y, 0, {0}}}}});
        check_close(bench.values(y), {kNaN}, 0, 1, "max");
      }
    }
  }
}

TEST(outputs_may_swap_their_operands) {
  Workbench bench;
  Random random(5);
  const std::vector<double> a = random.reals(5000), b = random.reals(5000);
  const int32_t x = bench.add(DType::kFloat32, a), y = bench.add(DType::kFloat32, b);
  const View left{x, 0, {1}}, right{y, 0, {1}};
  bench.run(Fused{1, 0, {5000}, {left, right}, {}, {{OutputMode::kStore, 1, left}, {OutputMode::kStore, 0, right}}});
  CHECK(bench.values(x) == b);
  CHECK(bench.values(y) == a);
}

TEST(sums_are_accurate_and_the_same_in_every_run) {
  constexpr int64_t kCount = 1'000'000;
  Random random(6);
  for (const int64_t columns : {1, 10, 1000}) {
    Workbench bench;
    const std::vector<double> values = random.reals(kCount, 0, 1);
    const int64_t rows = kCount / columns;
    std::vector<double> exact(static_cast<size_t>(columns));
    for (size_t i = 0; i < values.size(); ++i) exact[i % exact.size()] += values[i];
    const int32_t x = bench.add(DType::kFloat32, values);
    const int32_t first = bench.add_result(DType::kFloat32, columns),
                  second = bench.add_result(DType::kFloat32, columns);
    for (const int threads : {1, 2}) {
      const auto sum_into = [&](int32_t y) {
        bench.run(Fused{0, 1, {rows, columns}, {{x, 0, {columns, 1}}}, {}, {{OutputMode::kSum, 0, {y, 0, {0, 1}}}}},
                  threads);
      };
      sum_into(first);
      sum_into(second);
      check_close(bench.values(first), exact, 1e-7, exact[0], "sum");
      CHECK(bench.bytes(first) == bench.bytes(second));
    }
  }
}

}  // namespace
}  // namespace bilevel::test
