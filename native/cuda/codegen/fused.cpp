// Fused instructions: a thread for each element, or totals in one of four layouts.
#include <algorithm>
#include <functional>
#include <numeric>
#include <span>
#include <string>

#include "cuda/codegen/operations.h"
#include "cuda/codegen/tape_text.h"

namespace bilevel::cuda {
namespace {

constexpr int64_t kLanes = 32, kWarps = kThreads / kLanes;

int64_t product(std::span<const int64_t> sizes) {
  return std::accumulate(sizes.begin(), sizes.end(), int64_t{1}, std::multiplies<>());
}

Kernel map(const Program& program, const Fused& fused, int64_t elements) {
  KernelText text("tape.cuh");
  const int neighbours = takes_four(program, fused) ? 4 : 1;
  TapeText tape(text, program, fused, neighbours);
  const int64_t threads = elements / neighbours;
  const std::string type(index_type(elements));
  text.line("const " + type + " at = thread_number<" + type + ">(blockIdx.x);");
  text.line("if (at >= " + index_literal(threads) + ") return;");
  if (neighbours > 1) text.line("const " + type + " first = at * 4u;");
  tape.split(neighbours > 1 ? "first" : "at", 0, fused.sizes.size());
  tape.evaluate();
  tape.store_outputs();
  return text.finish(ceil_divide(threads, kThreads), false);
}

class Totals {
 public:
  Totals(const Program& program, const Fused& fused)
      : fused_(fused), text_("reduce.cuh"), tape_(text_, program, fused, 1) {
    const std::span<const int64_t> sizes = fused.sizes;
    inner_ = product(sizes.subspan(behind()));
    kept_ = product(sizes.first(outer())) * inner_;
    reduced_ = product(sizes.subspan(outer(), static_cast<size_t>(fused.reduced)));
  }

  std::vector<Kernel> generate() {
    if (kept_ == 0) return {};
    // Neighbouring threads read neighbouring memory: along the inner dimensions where there are some, else along the
    // reduced ones.
    const bool has_columns = inner_ >= 8;
    if (reduced_ <= 8 || (has_columns && (kept_ >= 16384 || reduced_ <= 32))) return {by_thread()};
    if (has_columns) return {by_column()};
    if (reduced_ <= 1024 && kept_ >= 64) return {by_warp()};
    return {by_block()};
  }

 private:
  size_t outer() const { return static_cast<size_t>(fused_.outer); }
  size_t behind() const { return outer() + static_cast<size_t>(fused_.reduced); }
  std::string kept() const { return index_literal(kept_); }
  std::string reduced() const { return index_literal(reduced_); }

  Kernel by_thread() {
    const std::string type(index_type(kept_));
    text_.line("const " + type + " at = thread_number<" + type + ">(blockIdx.x);");
    text_.line("if (at >= " + kept() + ") return;");
    split_kept();
    accumulate("0", reduced(), "1");
    store();
    return text_.finish(ceil_divide(kept_, kThreads), false);
  }

  // 32 totals in a block, of which each has 8 threads.
  Kernel by_column() {
    text_.line("const uint32_t part = threadIdx.x / kLanes;");
    text_.line("const " + total_type() + " column = (" + total_type() + ")blockIdx.x * kLanes + threadIdx.x % kLanes;");
    text_.line("const bool inside = column < " + kept() + ";");
    text_.line("const " + total_type() + " at = inside ? column : 0;");
    split_kept();
    accumulate("part", reduced(), std::to_string(kWarps) + "u");
    join("join_columns");
    text_.line("if (part != 0 || !inside) return;");
    store();
    return text_.finish(ceil_divide(kept_, kLanes), true);
  }

  Kernel by_warp() {
    const std::string warps = std::to_string(kWarps) + "u";
    text_.line("const " + total_type() + " at = (" + total_type() + ")blockIdx.x * " + warps +
               " + threadIdx.x / kLanes;");
    text_.line("if (at >= " + kept() + ") return;");
    split_kept();
    accumulate("threadIdx.x % kLanes", reduced(), "kLanes");
    join("join_warp");
    text_.line("if (threadIdx.x % kLanes != 0) return;");
    store();
    return text_.finish(ceil_divide(kept_, kWarps), true);
  }

  // One block for a total, or several for a large one, the last of which adds what all of them have found.
  Kernel by_block() {
    const int64_t parts = std::clamp<int64_t>(std::min(reduced_ / 4096, 512 / kept_), 1, 64);
    if (parts == 1) {
      text_.line("const " + total_type() + " at = blockIdx.x;");
      split_kept();
      accumulate("threadIdx.x", reduced(), "kThreads");
      join("join_block");
    } else {
      const std::string count = index_literal(parts), type(index_type(reduced_));
      text_.line("const uint32_t at = blockIdx.x / " + count + ", part = blockIdx.x % " + count + ";");
      split_kept();
      text_.line("const " + type + " begin = (" + type + ")part * " + index_literal(ceil_divide(reduced_, parts)) +
                 ";");
      text_.line("const " + type + " bound = begin + " + index_literal(ceil_divide(reduced_, parts)) + ";");
      text_.line("const " + type + " end = bound < " + reduced() + " ? bound : " + reduced() + ";");
      accumulate("begin + threadIdx.x", "end", "kThreads");
      join("join_block");
      combine(parts);
    }
    text_.line("if (threadIdx.x != 0) return;");
    store();
    return text_.finish(kept_ * parts, true);
  }

  void combine(int64_t parts) {
    const std::string count = index_literal(parts);
    each_output([&](const Output& o) {
      text_.scratch("volatile " + o.reduction + "::Total", "parts" + o.number, kept_ * parts * 8);
      text_.line("if (threadIdx.x == 0) args.parts" + o.number + "[at * " + count + " + part] = total" + o.number +
                 ";");
    });
    text_.counters("arrived", kept_);
    text_.line("if (!is_last_block(args.arrived + at, " + count + ")) return;");
    text_.line("if (threadIdx.x != 0) return;");
    each_output([&](const Output& o) {
      text_.line("total" + o.number + " = " + o.reduction + "::start();");
      text_.line("for (uint32_t p = 0; p < " + count + "; ++p) total" + o.number + " = " + o.reduction +
                 "::join(total" + o.number + ", args.parts" + o.number + "[at * " + count + " + p]);");
    });
  }

  // The indices of the kept dimensions at `at`.
  void split_kept() {
    if (behind() == fused_.sizes.size()) return tape_.split("at", 0, outer());
    if (outer() == 0) return tape_.split("at", behind(), fused_.sizes.size());
    const std::string size = index_literal(inner_);
    tape_.split("at / " + size, 0, outer());
    tape_.split("at % " + size, behind(), fused_.sizes.size());
  }

  // total0, total1, ... of the elements of the reduced dimensions from `begin` on, `step` apart, before `end`.
  void accumulate(const std::string& begin, const std::string& end, const std::string& step) {
    each_output([&](const Output& o) {
      text_.line(o.reduction + "::Total total" + o.number + " = " + o.reduction + "::start();");
    });
    const std::string type(index_type(reduced_ + kThreads));
    text_.begin("for (" + type + " r = " + begin + "; r < " + end + "; r += " + step + ")");
    tape_.split("r", outer(), behind());
    tape_.evaluate();
    each_output([&](const Output& o) {
      text_.line("total" + o.number + " = " + o.reduction + "::join(total" + o.number + ", " +
                 tape_.value_of(o.output.register_index) + ");");
    });
    text_.end();
  }

  void join(const std::string& how) {
    each_output([&](const Output& o) {
      text_.line("total" + o.number + " = " + how + "<" + o.reduction + ">(total" + o.number + ");");
    });
  }

  void store() {
    each_output([&](const Output& o) {
      text_.line(tape_.element("args.out" + o.number, o.output.view) + " = (float)total" + o.number + ";");
    });
  }

  struct Output {
    const FusedOutput& output;
    std::string number, reduction;
  };
  template <typename Body>
  void each_output(Body&& body) const {
    for (size_t o = 0; o < fused_.outputs.size(); ++o) {
      const FusedOutput& output = fused_.outputs[o];
      body(Output{output, std::to_string(o), output.mode == OutputMode::kSum ? "Sum" : "Max"});
    }
  }
  std::string total_type() const { return std::string(index_type(kept_ + kThreads)); }

  const Fused& fused_;
  KernelText text_;
  TapeText tape_;
  int64_t kept_ = 0, reduced_ = 0, inner_ = 0;
};

}  // namespace

std::vector<Kernel> generate_fused(const Program& program, const Fused& fused) {
  if (fused.reduced > 0) return Totals(program, fused).generate();
  const int64_t elements = product(fused.sizes);
  if (elements == 0) return {};
  return {map(program, fused, elements)};
}

}  // namespace bilevel::cuda
