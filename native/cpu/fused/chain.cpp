#include "cpu/fused/chain.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "cpu/fused/fused.h"
#include "cpu/kernel/interrupt.h"
#include "cpu/kernel/parallel.h"

namespace bilevel::cpu {
namespace {

// What is worked on at a time should stay in the second-level cache of a core, of which 1 MB is common.
constexpr int64_t kCachedBytes = 512 << 10;
// Smaller chains gain nothing, or lose a tenth: the last-level cache keeps all that they touch.
constexpr int64_t kSmallestChain = 16 << 20;
// Beyond this, slices are not in a cache either when they are read again.
constexpr int64_t kLargestSlice = 8 << 20;
// Instructions that touch less are not what chains are made for, though they may stand between others.
constexpr int64_t kSmallestLink = 64 << 10;
// Shorter pieces of memory are slower to walk along than what the cache spares.
constexpr int64_t kShortestRun = 1024;
constexpr size_t kMostLinks = 24;

bool is_kept(const Fused& fused, size_t axis) {
  const auto outer = static_cast<size_t>(fused.outer), reduced = static_cast<size_t>(fused.reduced);
  return axis < outer || axis >= outer + reduced;
}

int64_t bytes_of(const SlicedView& view) {
  int64_t bytes = view.whole->footprint.width;
  for (const auto& [size, stride] : view.whole->footprint.dimensions) bytes *= size;
  return bytes;
}

// In the order of Instruction::touched.
template <typename Body>
void for_each_view(const Fused& fused, Body&& body) {
  for (const View& operand : fused.operands) body(operand);
  for (const FusedOutput& output : fused.outputs) body(output.view);
}

// Of a fused instruction with elements.
Chain::Link slice(const Instruction& instruction, size_t axis) {
  const Fused& fused = std::get<Fused>(instruction.operation);
  Chain::Link link{&fused, axis, {}, 0};
  auto touched = instruction.touched.begin();
  for_each_view(fused, [&](const View& view) {
    link.views.push_back(slice_view(*touched++, view, fused.sizes, axis));
    link.bytes += bytes_of(link.views.back());
  });
  return link;
}

// Whether `next` may be carried out slice by slice with the others, and has anything to do with one of them.
bool may_follow(const std::vector<Chain::Link>& links, const Chain::Link& next, int64_t slices) {
  bool meets = false;
  for (const Chain::Link& link : links) {
    for (const SlicedView& a : link.views) {
      for (const SlicedView& b : next.views) {
        if (!are_independent(a, b, slices)) return false;
        meets = meets || !are_disjoint(a.whole->footprint, b.whole->footprint);
      }
    }
  }
  return meets;
}

const Fused* fused_of(const Instruction& instruction) {
  const auto* fused = std::get_if<Fused>(&instruction.operation);
  const bool empty = fused != nullptr && std::find(fused->sizes.begin(), fused->sizes.end(), 0) != fused->sizes.end();
  return empty ? nullptr : fused;
}

// Bytes of one slice in the buffers that the chain touches.
int64_t slice_bytes(const std::vector<Chain::Link>& links, int64_t slices) {
  std::map<int32_t, int64_t> touched;
  for (const Chain::Link& link : links) {
    auto sliced = link.views.begin();
    for_each_view(*link.fused, [&](const View& view) {
      int64_t& bytes = touched[view.buffer];
      bytes = std::max(bytes, bytes_of(*sliced++));
    });
  }
  int64_t total = 0;
  for (const auto& [buffer, bytes] : touched) total += bytes / slices;
  return total;
}

// The length of the pieces in which the elements of some slices follow each other in memory.
int64_t run_bytes(const SlicedView& view, int64_t slices, int64_t together) {
  std::vector<Footprint::Dimension> dimensions = view.whole->footprint.dimensions;
  std::sort(dimensions.begin(), dimensions.end(),
            [](const auto& a, const auto& b) { return std::abs(a.stride) < std::abs(b.stride); });
  int64_t run = view.whole->footprint.width;
  for (const auto& [size, stride] : dimensions) {
    if (std::abs(stride) != run) break;
    run *= stride == view.step ? together : size;
    if (stride == view.step && together < slices) break;
  }
  return run;
}

// How many slices to work on at a time; 0 when that would be slower than one instruction after the other.
int64_t choose_together(const std::vector<Chain::Link>& links, int64_t slices, int threads) {
  const int64_t bytes = slice_bytes(links, slices);
  if (bytes * slices < kSmallestChain || bytes > kLargestSlice) return 0;
  int64_t together = std::clamp<int64_t>(kCachedBytes / std::max<int64_t>(bytes, 1), 1, slices);
  // Blocks of one size, shared out evenly.
  while (slices % together != 0 || (slices / together % threads != 0 && slices / together < 8 * threads)) {
    if (--together == 0) return 0;
  }
  for (const Chain::Link& link : links) {
    for (const SlicedView& view : link.views) {
      if (bytes_of(view) >= kSmallestLink && run_bytes(view, slices, together) < kShortestRun) return 0;
    }
  }
  return together;
}

}  // namespace

std::vector<Chain::Link> links_along(std::span<const Instruction> instructions, size_t axis) {
  std::vector<Chain::Link> links;
  const Fused* const first = fused_of(instructions[0]);
  if (first == nullptr) return links;
  const int64_t slices = first->sizes[axis];
  links.push_back(slice(instructions[0], axis));
  const auto add = [&](const Instruction& instruction, const Fused& fused) {
    for (size_t d = 0; d < fused.sizes.size(); ++d) {
      if (fused.sizes[d] != slices || !is_kept(fused, d)) continue;
      Chain::Link next = slice(instruction, d);
      if (!may_follow(links, next, slices)) continue;
      links.push_back(std::move(next));
      return true;
    }
    return false;
  };
  for (const Instruction& instruction : instructions.subspan(1)) {
    const Fused* const fused = fused_of(instruction);
    if (links.size() == kMostLinks || fused == nullptr || !add(instruction, *fused)) break;
  }
  return links;
}

Chain find_chain(std::span<const Instruction> instructions, int threads) {
  Chain best;
  const Fused* const first = fused_of(instructions[0]);
  if (first == nullptr) return best;
  for (size_t axis = 0; axis < first->sizes.size(); ++axis) {
    const int64_t slices = first->sizes[axis];
    if (slices < 2 || !is_kept(*first, axis) || slice(instructions[0], axis).bytes < kSmallestLink) continue;
    Chain chain{links_along(instructions, axis), slices};
    while (!chain.links.empty() && chain.links.back().bytes < kSmallestLink) chain.links.pop_back();
    if (chain.links.size() < 2) continue;
    chain.together = choose_together(chain.links, slices, threads);
    if (chain.together > 0 && chain.bytes() > best.bytes()) best = std::move(chain);
  }
  return best;
}

int64_t Chain::bytes() const {
  return std::accumulate(links.begin(), links.end(), int64_t{0},
                         [](int64_t sum, const Link& link) { return sum + link.bytes; });
}

namespace {

// The kernels are those of smaller instructions, which see every view as a buffer of its own that moves from one block
// of slices to the next.
class ChainKernel final : public Kernel {
 public:
  ChainKernel(const Program& program, const Chain& chain, int threads) : blocks_(chain.slices / chain.together) {
    int64_t work = 0;
    Program moved;
    std::vector<Fused> links;
    for (const Chain::Link& chained : chain.links) {
      const size_t axis = chained.axis;
      Fused& link = links.emplace_back(*chained.fused);
      int64_t elements = 1;
      for (const int64_t size : link.sizes) elements *= size;
      work += elements * static_cast<int64_t>(link.tape.size() + link.outputs.size());
      link.sizes[axis] = chain.together;
      const auto place = [&](View& view) {
        const Buffer& buffer = program.buffers[static_cast<size_t>(view.buffer)];
        const int64_t step = chain.together * view.strides[axis] * kDTypeBytes[static_cast<size_t>(buffer.dtype)];
        places_.push_back({view.buffer, step});
        view.buffer = static_cast<int32_t>(moved.buffers.size());
        moved.buffers.push_back(buffer);
      };
      for (View& operand : link.operands) place(operand);
      for (FusedOutput& output : link.outputs) place(output.view);
    }
    lanes_.resize(static_cast<size_t>(std::min<int64_t>(useful_threads(work, threads), blocks_)));
    for (Lane& lane : lanes_) {
      lane.addresses.resize(places_.size());
      for (const Fused& link : links) lane.kernels.push_back(make_fused(moved, link, 1));
    }
  }

  void run(const Memory& memory) override {
    const int parts = static_cast<int>(lanes_.size());
    parallel(parts, [&](int part) {
      Lane& lane = lanes_[static_cast<size_t>(part)];
      const Range blocks = share(blocks_, part, parts);
      const Interrupt interrupt;
      for (int64_t block = blocks.begin; block < blocks.end && !interrupt.requested(); ++block) {
        for (size_t i = 0; i < places_.size(); ++i) {
          lane.addresses[i] = memory.at<std::byte>(places_[i].buffer, block * places_[i].step);
        }
        for (const KernelPointer& kernel : lane.kernels) kernel->run(Memory{lane.addresses.data()});
      }
    });
  }

 private:
  struct Place {
    int32_t buffer;
    int64_t step;  // bytes from one block to the next
  };
  struct Lane {
    std::vector<std::byte*> addresses;  // of every view, at the current block
    std::vector<KernelPointer> kernels;
  };

  int64_t blocks_;
  std::vector<Place> places_;
  std::vector<Lane> lanes_;
};

}  // namespace

KernelPointer make_chain(const Program& program, const Chain& chain, int threads) {
  return std::make_unique<ChainKernel>(program, chain, threads);
}

}  // namespace bilevel::cpu
