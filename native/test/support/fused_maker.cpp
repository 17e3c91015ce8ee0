#include "test/support/fused_maker.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "program/tape.h"

namespace bilevel::test {

Fused FusedMaker::make(std::vector<int64_t> sizes, int32_t outer, int32_t reduced) {
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

View FusedMaker::random_view(bool may_repeat, int64_t& count) {
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

void FusedMaker::add_operand() {
  int64_t count = 0;
  View view = random_view(true, count);
  const DType dtype = random_.pick<DType>(
      {DType::kFloat32, DType::kFloat32, DType::kFloat32, DType::kBool, DType::kInt32, DType::kInt64});
  const std::vector<double> values = dtype == DType::kFloat32 ? random_.reals(count)
                                     : dtype == DType::kBool  ? random_.integers(count, 0, 1)
                                                              : random_.integers(count, -4, 4);
  view.buffer = buffers_.add(dtype, values);
  classes_[fused_.operands.size()] = class_of(dtype) == RegisterClass::kFloat;
  written_.push_back(static_cast<int32_t>(fused_.operands.size()));
  fused_.operands.push_back(view);
}

int32_t FusedMaker::pick_register(bool wanted_float) {
  std::vector<int32_t> fitting;
  for (const int32_t r : written_) {
    if (classes_[static_cast<size_t>(r)] == wanted_float) fitting.push_back(r);
  }
  return fitting.empty() ? -1 : random_.pick(fitting);
}

void FusedMaker::add_step() {
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
    if (row_of(step.op).operands == 2) step.b = b;
    result_is_float =
        result_class(step.op, on_float ? RegisterClass::kFloat : RegisterClass::kInteger) == RegisterClass::kFloat;
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

int32_t FusedMaker::next_register() {
  return static_cast<int32_t>(fused_.operands.size()) + static_cast<int32_t>(random_.integer(0, 5));
}

void FusedMaker::add_output() {
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
  output.view.buffer = buffers_.add_result(dtype, count);
  if (!reduces && random_.chance(0.3)) write_over_an_operand(output, dtype);
  fused_.outputs.push_back(output);
}

void FusedMaker::write_over_an_operand(FusedOutput& output, DType dtype) {
  for (const View& view : fused_.operands) {
    bool usable = buffers_.program().buffers[static_cast<size_t>(view.buffer)].dtype == dtype;
    for (size_t d = 0; d < fused_.sizes.size(); ++d) usable = usable && (view.strides[d] != 0 || fused_.sizes[d] <= 1);
    for (const FusedOutput& other : fused_.outputs) usable = usable && other.view.buffer != view.buffer;
    if (!usable) continue;
    output.view = view;
    return;
  }
}

}  // namespace bilevel::test
