// Chains of fused instructions against the same instructions one after the other.
#include "cpu/fused/chain.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "cpu/fused/fused.h"
#include "test/cpu/workbench.h"
#include "test/support/test.h"

namespace bilevel::test {
namespace {

using cpu::Chain;

constexpr auto kF = DType::kFloat32;

// Instructions over overlapping buffers of one arena.
struct Sequence {
  static constexpr int64_t kArenaBytes = 8192;

  Program program;

  Sequence() { program.arena_bytes = kArenaBytes; }

  int32_t buffer(int64_t where, int64_t count, DType dtype = kF) {
    program.buffers.push_back({BufferKind::kArena, where, dtype, count});
    return static_cast<int32_t>(program.buffers.size() - 1);
  }
  void add(const Fused& fused) {
    Instruction instruction{fused, {}};
    const auto touch = [&](const View& view, bool written) {
      const Buffer& touched = program.buffers[static_cast<size_t>(view.buffer)];
      instruction.touched.push_back({written, footprint_of(touched, view, fused.sizes)});
    };
    for (const View& operand : fused.operands) touch(operand, false);
    for (const FusedOutput& output : fused.outputs) touch(output.view, true);
    program.body.push_back(std::move(instruction));
  }

  std::vector<Chain::Link> links(size_t axis) const { return cpu::links_along(program.body, axis); }

  using Arena = std::vector<float>;
  static Arena fill(Random& random) {
    Arena arena(kArenaBytes / sizeof(float));
    for (float& value : arena) value = static_cast<float>(random.integer(-3, 3));
    return arena;
  }
  void run(Arena& arena, const std::vector<cpu::KernelPointer>& kernels) const {
    std::vector<std::byte*> addresses;
    for (const Buffer& buffer : program.buffers)
      addresses.push_back(reinterpret_cast<std::byte*>(arena.data()) + buffer.where);
    for (const cpu::KernelPointer& kernel : kernels) kernel->run(cpu::Memory{addresses.data()});
  }
  // Whether the chain leaves the same bytes as its instructions.
  bool agrees(const Chain& chain, int threads, Random& random) const {
    std::vector<cpu::KernelPointer> single, chained;
    for (const Chain::Link& link : chain.links) single.push_back(cpu::make_fused(program, *link.fused, 1));
    chained.push_back(cpu::make_chain(program, chain, threads));
    Arena expected = fill(random), actual = expected;
    run(expected, single);
    run(actual, chained);
    return std::memcmp(expected.data(), actual.data(), kArenaBytes) == 0;
  }
};

std::vector<TapeStep> add_all(size_t operands) {
  std::vector<TapeStep> tape;
  for (size_t i = 1; i < operands; ++i) {
    const auto next = static_cast<int32_t>(operands + i - 1);
    tape.push_back(
        {i % 3 == 0 ? TapeOp::kMaximum : TapeOp::kAdd, next, i == 1 ? 0 : next - 1, static_cast<int32_t>(i), 0, 0});
  }
  return tape;
}

int32_t result_of(const Fused& fused) { return fused.tape.empty() ? 0 : fused.tape.back().destination; }

// Elementwise over `sizes`, or the largest over the dimensions `outer` .. `outer + reduced`, which is the same in any
// order whatever bytes are read as floats.
Fused combine(std::vector<int64_t> sizes, std::vector<View> operands, View output, int32_t outer = 0,
              int32_t reduced = 0) {
  Fused fused{reduced == 0 ? static_cast<int32_t>(sizes.size()) : outer, reduced, std::move(sizes), {}, {}, {}};
  fused.tape = add_all(operands.size());
  fused.operands = std::move(operands);
  fused.outputs = {{reduced == 0 ? OutputMode::kStore : OutputMode::kMax, result_of(fused), std::move(output)}};
  return fused;
}

// x is [2, 4, 3]: a reduction to the middle axis, work on its results, and a pass that uses them.
struct Normalization : Sequence {
  int32_t x = buffer(0, 24), y = buffer(1024, 24), top = buffer(2048, 4);
  View channels{x, 0, {3, 12, 1}}, tops{top, 0, {1, 0, 0}};

  void begin() {
    add(combine({4, 2, 3}, {channels}, tops, 1, 2));
    add(combine({4}, {{top, 0, {1}}, {top, 0, {1}}}, {top, 0, {1}}));
  }
};

constexpr size_t kAxis = 0;

TEST(a_normalization_is_a_chain_along_its_channels) {
  Normalization n;
  n.begin();
  n.add(combine({2, 4, 3}, {{n.x, 0, {12, 3, 1}}, {n.top, 0, {0, 1, 0}}}, {n.y, 0, {12, 3, 1}}));
  const std::vector<Chain::Link> links = n.links(kAxis);
  CHECK(links.size() == 3, links.size());
  CHECK(links[2].axis == 1, links[2].axis);
  Random random(1);
  for (const int64_t together : {1, 2, 4}) CHECK(n.agrees({links, 4, together}, 2, random), together);
}

TEST(a_chain_may_overwrite_what_it_read) {
  Normalization n;
  n.begin();
  n.add(combine({2, 4, 3}, {{n.x, 0, {12, 3, 1}}, {n.top, 0, {0, 1, 0}}}, {n.x, 0, {12, 3, 1}}));
  Random random(2);
  CHECK(n.links(kAxis).size() == 3 && n.agrees({n.links(kAxis), 4, 1}, 1, random));
}

TEST(slices_that_depend_on_others_make_no_chain) {
  const auto length_with = [](auto last) {
    Normalization n;
    n.begin();
    n.add(last(n));
    return n.links(kAxis).size();
  };
  // The tops along another axis of the same size, [4, 4, ..] seen the wrong way round.
  CHECK(length_with([](Normalization& n) {
          return combine({4, 4}, {{n.top, 0, {1, 0}}, {n.top, 0, {0, 1}}}, {n.y, 0, {4, 1}});
        }) == 2);
  // All tops together.
  CHECK(length_with([](Normalization& n) { return combine({4}, {{n.top, 0, {1}}}, {n.y, 0, {0}}, 0, 1); }) == 2);
  // The tops in the reverse order, or those of the next channel.
  CHECK(length_with([](Normalization& n) { return combine({4}, {{n.top, 3, {-1}}}, {n.y, 0, {1}}); }) == 2);
  CHECK(length_with([](Normalization& n) {
          return combine({2, 4, 3}, {{n.buffer(2048, 5), 1, {0, 1, 0}}}, {n.y, 0, {12, 3, 1}});
        }) == 2);
  // x is overwritten a little beside where it was read, by slices of another size, or where a slice lies elsewhere.
  CHECK(length_with([](Normalization& n) {
          return combine({4, 5}, {{n.top, 0, {1, 0}}}, {n.buffer(0, 24), 4, {5, 1}});
        }) == 2);
  CHECK(length_with([](Normalization& n) {
          return combine({4, 3}, {{n.top, 0, {1, 0}}}, {n.buffer(0, 24), 4, {3, 1}});
        }) == 2);
  CHECK(length_with([](Normalization& n) {
          return combine({4, 3}, {{n.top, 0, {1, 0}}}, {n.buffer(0, 24), 12, {3, 1}});
        }) == 3);
  // What reads another type there.
  CHECK(length_with([](Normalization& n) {
          return combine({4}, {{n.top, 0, {1}}}, {n.buffer(0, 24, DType::kBool), 0, {1}});
        }) == 2);
}

// A view of an arena buffer over [slices, rows, columns] in a random layout, often one that other views have too.
View random_view(Sequence& sequence, Random& random, const std::vector<int64_t>& sizes, bool written) {
  std::vector<size_t> order(sizes.size());
  std::iota(order.begin(), order.end(), size_t{0});
  if (sizes.size() > 1 && random.chance(0.6)) std::swap(order[0], order[1]);
  if (sizes.size() > 1 && random.chance(0.1)) std::swap(order[0], order.back());
  View view{0, random.chance(0.8) ? 0 : random.integer(0, 8), std::vector<int64_t>(sizes.size())};
  int64_t extent = 1;
  for (size_t i = order.size(); i-- > 0;) {
    if (!written && random.chance(0.2)) continue;
    view.strides[order[i]] = extent;
    extent *= sizes[order[i]];
    if (random.chance(0.05)) extent += random.integer(1, 4);
  }
  if (random.chance(0.05)) {
    view.offset += view.strides[0] * (sizes[0] - 1);
    view.strides[0] = -view.strides[0];
  }
  const DType dtype = random.chance(0.9) ? kF : DType::kBool;
  view.buffer = sequence.buffer(random.integer(0, 3) * (random.chance(0.8) ? 2048 : 64), view.offset + extent, dtype);
  return view;
}

// As the decoder asks for: no element is written twice, and what is written is read elsewhere at most in place.
bool is_valid(const Program& program, const Fused& fused) {
  const auto footprint = [&](const View& view) {
    return footprint_of(program.buffers[static_cast<size_t>(view.buffer)], view, fused.sizes);
  };
  const Footprint written = footprint(fused.outputs[0].view);
  return is_injective(written) && std::all_of(fused.operands.begin(), fused.operands.end(), [&](const View& operand) {
           return are_disjoint(footprint(operand), written) ||
                  (fused.reduced == 0 && are_identical(footprint(operand), written));
         });
}

void add_random(Sequence& sequence, Random& random, std::vector<int64_t> sizes) {
  if (random.chance(0.2)) sizes.resize(1);
  const bool reduces = random.chance(0.4);
  const auto rank = static_cast<int32_t>(sizes.size());
  const int32_t outer = reduces && rank > 1 && random.chance(0.8) ? 1 : 0, reduced = reduces ? rank - outer : 0;
  while (true) {
    const size_t buffers = sequence.program.buffers.size();
    std::vector<View> operands;
    for (int64_t i = random.integer(1, 3); i > 0; --i) operands.push_back(random_view(sequence, random, sizes, false));
    std::vector<int64_t> kept = sizes;
    kept.resize(static_cast<size_t>(reduces ? outer : rank));
    View output = kept.empty() ? View{sequence.buffer(random.integer(0, 64) * 64, 1), 0, {}}
                               : random_view(sequence, random, kept, true);
    output.strides.resize(sizes.size());
    const Fused fused = combine(sizes, std::move(operands), std::move(output), outer, reduced);
    const DType dtype = sequence.program.buffers.back().dtype;
    if (is_valid(sequence.program, fused) && (!reduces || dtype == kF)) return sequence.add(fused);
    sequence.program.buffers.resize(buffers);
  }
}

TEST(random_chains_agree_with_their_instructions) {
  size_t longest = 0;
  int chains = 0;
  for (uint32_t seed = 0; seed < 4000; ++seed) {
    Random random(seed);
    Sequence sequence;
    std::vector<int64_t> sizes = {random.pick<int64_t>({2, 3, 4, 6}), random.pick<int64_t>({1, 2, 4, 5}),
                                  random.pick<int64_t>({1, 2, 3, 7})};
    while (sequence.program.body.size() < 6) {
      add_random(sequence, random, sizes);
      if (random.chance(0.1)) std::swap(sizes[0], sizes[1]);
    }
    const Fused& first = std::get<Fused>(sequence.program.body[0].operation);
    for (size_t axis = 0; axis < static_cast<size_t>(first.outer); ++axis) {
      const std::vector<Chain::Link> links = sequence.links(axis);
      const int64_t slices = first.sizes[axis];
      if (links.size() < 2 || slices < 2) continue;
      ++chains;
      longest = std::max(longest, links.size());
      const int64_t together = slices % 2 == 0 && random.chance(0.3) ? 2 : 1;
      CHECK(sequence.agrees({links, slices, together}, 1, random), "seed", seed, "axis", axis, "of", links.size());
    }
  }
  CHECK(chains > 1000 && longest == 6, chains, longest);
}

}  // namespace
}  // namespace bilevel::test
