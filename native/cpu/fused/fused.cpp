// One pass over an iteration space in blocks of consecutive elements: every tape step is one vector loop over a block,
// whose registers stay in the first-level cache. Reductions add in doubles.
#include "cpu/fused/fused.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "cpu/fused/fused_plan.h"
#include "cpu/kernel/interrupt.h"
#include "cpu/kernel/parallel.h"
#include "cpu/kernel/scratch.h"

namespace bilevel::cpu {
namespace {

constexpr int64_t kLargestBlock = 2048, kSmallestBlock = 256, kBlockBytes = 24 * 1024;

int64_t block_size(const FusedPlan& plan) {
  const int64_t fitting = kBlockBytes / (4 * std::max(plan.slot_count, 1)) / kSmallestBlock * kSmallestBlock;
  const int64_t largest = std::clamp(fitting, kSmallestBlock, kLargestBlock);
  // A run is cut into nearly equal blocks.
  const int64_t blocks = (plan.run + largest - 1) / largest;
  return round_up((plan.run + blocks - 1) / blocks, kCacheLine);
}

// What one thread works with.
struct Lane {
  std::vector<void*> values;  // where the block's elements of each value are
  Scratch slots;
  Scratch totals;  // doubles: one block per output
  Scratch row;     // floats: one block
};

void combine(OutputMode mode, double* totals, const double* more, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    if (mode == OutputMode::kSum) {
      totals[i] += more[i];
    } else if (more[i] > totals[i] || std::isnan(more[i])) {
      totals[i] = more[i];
    }
  }
}

class FusedKernel final : public Kernel {
 public:
  FusedKernel(const Program& program, const Fused& fused, int threads)
      : loops_(vector_loops()), plan_(plan_fused(program, fused, loops_)), block_(block_size(plan_)) {
    elements_ = plan_.outer * plan_.reduced * plan_.inner;
    threads_ = useful_threads(elements_ * plan_.work_per_element, threads);
    prefetches_ = exceeds_cache();
    if (!plan_.elementwise) plan_reduction();
    slot_bytes_ = round_up((block_ + kRegisterSlack) * 4, kCacheLine);
    for (int t = 0; t < threads_; ++t) {
      Lane& lane = lanes_.emplace_back();
      lane.slots = Scratch(slot_bytes_ * plan_.slot_count);
      for (const FusedValue& value : plan_.values) lane.values.push_back(slot_of(lane, value));
      if (plan_.elementwise) continue;
      lane.totals = Scratch(totals_size() * output_count() * 8);
      lane.row = Scratch(block_ * 4);
    }
  }

  void run(const Memory& memory) override {
    if (plan_.elementwise) {
      map(memory);
    } else {
      reduce(memory);
    }
  }

 private:
  // Asking for the next block early takes a quarter to a third off passes over 25 MB and more, and adds a sixth to
  // those whose operands are in a cache.
  static constexpr int64_t kStreamedBytes = 16 << 20;
  static constexpr int64_t kAccumulators = 256;
  static constexpr int64_t kMostColumns = 16384;  // whose totals stay in the second-level cache

  int64_t output_count() const { return static_cast<int64_t>(plan_.outputs.size()); }

  void* slot_of(const Lane& lane, const FusedValue& value) const {
    return value.slot < 0 ? nullptr : lane.slots.at<std::byte>(value.slot * slot_bytes_);
  }

  static void* register_of(const Lane& lane, int32_t value) { return lane.values[static_cast<size_t>(value)]; }

  static void call(const Lane& lane, const FusedStep& step, int64_t n) {
    step.function(register_of(lane, step.inputs[0]), register_of(lane, step.inputs[1]),
                  register_of(lane, step.inputs[2]), register_of(lane, step.destination), n, step.immediate);
  }

  // Fills the registers that hold the same value for all elements, for blocks of up to n.
  void begin(const Memory& memory, const Lane& lane, int64_t n) const {
    for (const FusedStep& step : plan_.prologue) {
      if (step.function) {
        call(lane, step, n);
      } else {
        const Access& operand = plan_.operands[static_cast<size_t>(step.destination)];
        operand.load(loops_, memory, 0, n, register_of(lane, step.destination));
      }
    }
  }

  static int64_t bytes_of(const FusedValue& value) { return value.is_float ? 4 : 8; }

  // Whether the operands and outputs that are used in place exceed what caches keep between two instructions.
  bool exceeds_cache() const {
    int64_t bytes = 0;
    for (const FusedStep& step : plan_.steps) {
      const FusedValue& value = plan_.values[static_cast<size_t>(step.destination)];
      if (value.slot < 0) bytes += bytes_of(value) * elements_;
    }
    return bytes >= kStreamedBytes;
  }

  // Blocks are too short for the processor to see by itself where they go on.
  static void prefetch(const void* next, int64_t bytes) {
    for (int64_t at = 0; at < bytes; at += kCacheLine)
      __builtin_prefetch(static_cast<const std::byte*>(next) + at, 0, 2);
  }

  // Computes all values of elements first .. first + n of the iteration space.
  void evaluate(const Memory& memory, Lane& lane, int64_t first, int64_t n) const {
    for (const FusedStep& step : plan_.steps) {
      const auto d = static_cast<size_t>(step.destination);
      const FusedValue& value = plan_.values[d];
      if (step.function) {
        if (value.direct_output >= 0) {
          lane.values[d] = plan_.outputs[static_cast<size_t>(value.direct_output)].access.address(memory, first);
        }
        call(lane, step, n);
      } else if (value.copied) {
        plan_.operands[d].load(loops_, memory, first, n, lane.values[d]);
      } else {
        // Steps only read what was fetched.
        lane.values[d] = const_cast<void*>(plan_.operands[d].fetch(loops_, memory, first, n, slot_of(lane, value)));
        const int64_t bytes = n * bytes_of(value);
        if (prefetches_ && value.slot < 0) prefetch(static_cast<const std::byte*>(lane.values[d]) + bytes, bytes);
      }
    }
  }

  // The size of the block that begins at an element.
  int64_t block_at(int64_t first, int64_t end) const {
    return std::min({block_, end - first, plan_.run - first % plan_.run});
  }

  void map(const Memory& memory) {
    if (elements_ == 0) return;
    parallel(threads_, [&](int part) {
      Lane& lane = lanes_[static_cast<size_t>(part)];
      const Range range = share(elements_, part, threads_, kCacheLine);
      begin(memory, lane, std::min(block_, range.end - range.begin));
      const Interrupt interrupt;
      for (int64_t first = range.begin, n; first < range.end && !interrupt.requested(); first += n) {
        n = block_at(first, range.end);
        evaluate(memory, lane, first, n);
        for (int64_t o = 0; o < output_count(); ++o) {
          const FusedResult& output = plan_.outputs[static_cast<size_t>(o)];
          if (plan_.values[static_cast<size_t>(output.value)].direct_output == o) continue;
          output.access.store(loops_, memory, first, n, register_of(lane, output.value));
        }
      }
    });
  }

  // A task is one segment, or one run of columns of one outer index. With too few tasks to go round,
  // every thread takes a share of the reduced dimension of all tasks, and the partial totals are combined in the
  // threads' order.
  void plan_reduction() {
    columns_ = std::min(plan_.inner, kMostColumns);
    column_runs_ = columns_ == 0 ? 0 : (plan_.inner + columns_ - 1) / columns_;
    tasks_ = plan_.outer * column_runs_;
    split_reduced_ = threads_ > 1 && tasks_ < 4 * threads_ && plan_.reduced >= 16 * threads_;
    if (split_reduced_) {
      partials_ = Scratch(threads_ * output_count() * plan_.outer * plan_.inner * 8);
    } else {
      threads_ = static_cast<int>(std::clamp<int64_t>(tasks_, 1, threads_));
    }
  }

  void reduce(const Memory& memory) {
    parallel(threads_, [&](int part) {
      Lane& lane = lanes_[static_cast<size_t>(part)];
      const Range all{0, split_reduced_ ? plan_.reduced : tasks_};
      const Range mine = share(all.end, part, threads_);
      const Range tasks = split_reduced_ ? Range{0, tasks_} : mine;
      const Range reduced = split_reduced_ ? mine : Range{0, plan_.reduced};
      if (elements_ > 0) begin(memory, lane, std::min(block_, elements_));
      const auto emit = [&](int64_t o, int64_t first, int64_t n) {
        if (split_reduced_) {
          std::memcpy(partial(part, o) + first, totals_of(lane, o), static_cast<size_t>(n) * 8);
        } else {
          store(memory, lane, o, first, n, totals_of(lane, o));
        }
      };
      if (plan_.inner == 1) {
        reduce_segments(memory, lane, tasks, reduced, emit);
      } else {
        reduce_rows(memory, lane, tasks, reduced, emit);
      }
    });
    if (split_reduced_) combine_partials(memory);
  }

  template <typename Emit>
  void reduce_segments(const Memory& memory, Lane& lane, Range segments, Range reduced, Emit&& emit) {
    const int64_t length = reduced.end - reduced.begin;
    const bool whole = length == plan_.reduced && length > 0 && length <= block_ && plan_.run % length == 0;
    const Interrupt interrupt;
    for (int64_t s = segments.begin, count; s < segments.end; s += count) {
      const int64_t first = s * plan_.reduced;
      count = whole ? block_at(first, segments.end * length) / length : 1;
      reset(lane, count);
      for (int64_t r = reduced.begin, n; r < reduced.end && !interrupt.requested(); r += n) {
        n = whole ? length : block_at(first + r, first + reduced.end);
        evaluate(memory, lane, first + r, count * n);
        for (int64_t o = 0; o < output_count(); ++o) {
          reduction_of(o).segments(totals_of(lane, o), values_of(lane, o), count, n);
        }
      }
      for (int64_t o = 0; o < output_count(); ++o) emit(o, s, count);
    }
  }

  template <typename Emit>
  void reduce_rows(const Memory& memory, Lane& lane, Range tasks, Range reduced, Emit&& emit) {
    const Interrupt interrupt;
    for (int64_t task = tasks.begin; task < tasks.end; ++task) {
      const int64_t outer = task / column_runs_, column = task % column_runs_ * columns_;
      const int64_t columns = std::min(columns_, plan_.inner - column);
      const int64_t rows = plan_.inner > block_ ? 1 : block_ / columns;
      // Several short rows are added to as many rows of totals, so that the vector loops are long.
      const int64_t width = columns * std::clamp<int64_t>(kAccumulators / columns, 1, rows);
      reset(lane, width);
      for (int64_t r = reduced.begin; r < reduced.end && !interrupt.requested(); r += rows) {
        const int64_t first = (outer * plan_.reduced + r) * plan_.inner + column;
        const int64_t count = std::min(rows, reduced.end - r) * columns;
        for (int64_t at = 0; at < count; at += block_) {
          const int64_t n = std::min(block_, count - at);
          evaluate(memory, lane, first + at, n);
          for (int64_t o = 0; o < output_count(); ++o) {
            for (int64_t i = 0; i < n; i += width) {
              reduction_of(o).rows(totals_of(lane, o) + at, values_of(lane, o) + i, std::min(width, n - i));
            }
          }
        }
      }
      for (int64_t o = 0; o < output_count(); ++o) {
        double* totals = totals_of(lane, o);
        for (int64_t i = columns; i < width; i += columns) combine(mode_of(o), totals, totals + i, columns);
        emit(o, outer * plan_.inner + column, columns);
      }
    }
  }

  void combine_partials(const Memory& memory) {
    const int64_t count = plan_.outer * plan_.inner;
    for (int64_t o = 0; o < output_count(); ++o) {
      for (int part = 1; part < threads_; ++part) combine(mode_of(o), partial(0, o), partial(part, o), count);
      store(memory, lanes_[0], o, 0, count, partial(0, o));
    }
  }

  void store(const Memory& memory, const Lane& lane, int64_t output, int64_t first, int64_t n, const double* totals) {
    float* row = lane.row.at<float>();
    for (int64_t at = 0; at < n; at += block_) {
      const int64_t count = std::min(block_, n - at);
      for (int64_t i = 0; i < count; ++i) row[i] = static_cast<float>(totals[at + i]);
      plan_.outputs[static_cast<size_t>(output)].access.store(loops_, memory, first + at, count, row);
    }
  }

  void reset(const Lane& lane, int64_t n) const {
    for (int64_t o = 0; o < output_count(); ++o) {
      const double start = mode_of(o) == OutputMode::kSum ? 0.0 : -std::numeric_limits<double>::infinity();
      std::fill_n(totals_of(lane, o), n, start);
    }
  }

  OutputMode mode_of(int64_t output) const { return plan_.outputs[static_cast<size_t>(output)].mode; }
  const VectorLoops::Reduction& reduction_of(int64_t output) const {
    return mode_of(output) == OutputMode::kSum ? loops_.sum : loops_.max;
  }
  // Of one task: a block of segments, or the columns.
  int64_t totals_size() const { return std::max(block_, columns_); }
  double* totals_of(const Lane& lane, int64_t output) const {
    return lane.totals.at<double>(output * totals_size() * 8);
  }
  const float* values_of(const Lane& lane, int64_t output) const {
    return static_cast<const float*>(register_of(lane, plan_.outputs[static_cast<size_t>(output)].value));
  }
  double* partial(int part, int64_t output) const {
    return partials_.at<double>((part * output_count() + output) * plan_.outer * plan_.inner * 8);
  }

  const VectorLoops& loops_;
  const FusedPlan plan_;
  const int64_t block_;
  int64_t elements_ = 0, slot_bytes_ = 0;
  int threads_ = 1;
  bool prefetches_ = false;
  std::vector<Lane> lanes_;
  int64_t columns_ = 0, column_runs_ = 0, tasks_ = 0;
  bool split_reduced_ = false;
  Scratch partials_;
};

}  // namespace

KernelPointer make_fused(const Program& program, const Fused& fused, int threads) {
  return std::make_unique<FusedKernel>(program, fused, threads);
}

}  // namespace bilevel::cpu
