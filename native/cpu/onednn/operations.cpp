#include "cpu/onednn/operations.h"

#include <dnnl.hpp>

#include <string>
#include <vector>

#include "cpu/kernel/parallel.h"
#include "cpu/kernel/scratch.h"
#include "cpu/onednn/threads.h"
#include "program/error.h"

namespace bilevel::cpu::onednn {
namespace {

using dnnl::memory;
using Desc = memory::desc;

[[noreturn]] void fail(const char* what, const std::string& why) {
  throw Error("NATIVE_FAILURE", std::string("oneDNN could not ") + what + ": " + why + ".");
}

dnnl::engine& engine() {
  static dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}

Desc plain(const memory::dims& sizes) {
  memory::dims strides(sizes.size(), 1);
  for (size_t d = sizes.size() - 1; d-- > 0;) strides[d] = strides[d + 1] * sizes[d + 1];
  return Desc(sizes, memory::data_type::f32, strides);
}

Desc with_format(const Desc& desc, memory::data_type type, memory::format_tag format) {
#if DNNL_VERSION_MAJOR >= 3
  return Desc(desc.get_dims(), type, format);
#else
  return Desc(desc.dims(), type, format);
#endif
}

struct Shapes {
  Desc x, w, y;
  memory::dims strides, dilations, low, high;  // dilations in oneDNN count the skipped cells
};

// One spatial dimension is handled as an image of height 1.
Shapes shapes_of(const Conv& conv) {
  const auto spatial = [&](const Spatial& values, int64_t height) {
    return conv.spatial_rank == 2 ? memory::dims{values[0], values[1]} : memory::dims{height, values[0]};
  };
  const auto tensor = [](memory::dims leading, const memory::dims& trailing) {
    leading.insert(leading.end(), trailing.begin(), trailing.end());
    return plain(leading);
  };
  const int64_t g = conv.groups;
  const memory::dims channels = g == 1 ? memory::dims{conv.output_channels, conv.input_channels}
                                       : memory::dims{g, conv.output_channels / g, conv.input_channels / g};
  memory::dims dilations = spatial(conv.dilation, 1);
  for (int64_t& dilation : dilations) --dilation;
  return {tensor({conv.batch, conv.input_channels}, spatial(conv.input, 1)),
          tensor(channels, spatial(conv.kernel, 1)),
          tensor({conv.batch, conv.output_channels}, spatial(conv.output, 1)),
          spatial(conv.stride, 1),
          dilations,
          spatial(conv.pad_low, 0),
          spatial(conv.pad_high, 0)};
}

// The formats that a convolution works in. The library's own choice is the fastest in nearly all measured cases,
// reorders included (AVX-512, batches of 25 and 200, 3 x 3 and 5 x 5 kernels, 1 to 256 channels). It is 2 to 8 times
// slower than another where the input channels do not fill its blocks of 16; there operands also stay in float32, since
// rounding them to bfloat16 gains nothing.
void choose_formats(const Conv& conv, Precision precision, Desc& x, Desc& w, Desc& y) {
  using Tag = memory::format_tag;
  using Type = memory::data_type;
  const int64_t channels = conv.input_channels / conv.groups;
  const bool few = channels <= 4;
  if (conv.direction == ConvDirection::kInputGradient && few) return;  // plain
  const bool partial = conv.groups == 1 && !few && channels < 16;
  const Tag tag = conv.direction == ConvDirection::kFilterGradient && partial ? Tag::nhwc : Tag::any;
  const bool rounds = precision == Precision::kBfloat16 && channels >= 16 && conv.output_channels / conv.groups >= 16;
  const auto type = [&](ConvDirection writer) { return rounds && conv.direction != writer ? Type::bf16 : Type::f32; };
  x = with_format(x, type(ConvDirection::kInputGradient), tag);
  w = with_format(w, type(ConvDirection::kFilterGradient), Tag::any);
  y = with_format(y, type(ConvDirection::kForward), tag);
}

// Versions 2 and 3 differ in how a primitive is described.
struct Maker {
  dnnl::primitive_attr attributes;
  Desc x, w, y;
  const Shapes& s;
  static constexpr auto kAlgorithm = dnnl::algorithm::convolution_direct;

  dnnl::convolution_forward::primitive_desc forward() const { return forward(x, w, y); }

  dnnl::convolution_forward::primitive_desc forward(const Desc& src, const Desc& weights, const Desc& dst) const {
    constexpr auto kKind = dnnl::prop_kind::forward_training;
#if DNNL_VERSION_MAJOR >= 3
    return {engine(), kKind, kAlgorithm, src, weights, dst, s.strides, s.dilations, s.low, s.high, attributes};
#else
    return {{kKind, kAlgorithm, src, weights, dst, s.strides, s.dilations, s.low, s.high}, attributes, engine()};
#endif
  }

  // The forward convolution that the gradients want to know, whose operands are all of one type.
  dnnl::convolution_forward::primitive_desc hint() const {
    const auto any = [](const Desc& desc) {
      return with_format(desc, memory::data_type::f32, memory::format_tag::any);
    };
    return forward(any(s.x), any(s.w), any(s.y));
  }

  dnnl::convolution_backward_data::primitive_desc input_gradient() const {
#if DNNL_VERSION_MAJOR >= 3
    return {engine(), kAlgorithm, x, w, y, s.strides, s.dilations, s.low, s.high, hint(), attributes};
#else
    return {{kAlgorithm, x, w, y, s.strides, s.dilations, s.low, s.high}, attributes, engine(), hint()};
#endif
  }

  dnnl::convolution_backward_weights::primitive_desc filter_gradient() const {
#if DNNL_VERSION_MAJOR >= 3
    return {engine(), kAlgorithm, x, w, y, s.strides, s.dilations, s.low, s.high, hint(), attributes};
#else
    return {{kAlgorithm, x, w, y, s.strides, s.dilations, s.low, s.high}, attributes, engine(), hint()};
#endif
  }
};

// A primitive and the memory it works on. The C call is used to execute: the C++ one allocates.
struct Step {
  dnnl::primitive primitive;
  std::vector<dnnl_exec_arg_t> arguments;

  void execute(dnnl::stream& stream) const {
    const auto count = static_cast<int>(arguments.size());
    if (dnnl_primitive_execute(primitive.get(), stream.get(), count, arguments.data()) != dnnl_success) {
      fail("execute an operation", "the primitive failed");
    }
  }
};

}  // namespace

bool gemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, const float* a, int64_t row_of_a,
          const float* b, float* c, int threads) {
  const LibraryScope scope(threads);
  return sgemm(transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', m, n, k, a, row_of_a, b, transpose_b ? k : n, c, n);
}

struct Operation::State {
  int threads;
  dnnl::stream stream = make_stream(engine());
  // The caller's x, w and y; their addresses are set on every run.
  std::array<memory, 3> plain;
  // What lies in the workspace, each from a byte offset.
  struct Owned {
    memory handle;
    int64_t offset;
  };
  std::vector<Owned> owned;
  int64_t workspace_bytes = 0;
  std::byte* workspace = nullptr;  // where `owned` points into
  std::vector<Step> steps;

  memory own(const Desc& desc) {
    const Owned& added = owned.emplace_back(Owned{memory(desc, engine(), nullptr), workspace_bytes});
    workspace_bytes += round_up(static_cast<int64_t>(desc.get_size()), kCacheLine);
    return added.handle;
  }

  void add_reorder(const memory& from, const memory& to) {
    steps.push_back({dnnl::reorder(from, to), {{DNNL_ARG_FROM, from.get()}, {DNNL_ARG_TO, to.get()}}});
  }

  // Adds reorders of the inputs, the primitive, and the reorder of its output (operand `written` of x, w, y).
  void add(const dnnl::primitive& primitive, const Desc& scratchpad, const std::array<Desc, 3>& descs,
           const std::array<int, 3>& arguments, size_t written) {
    Step step{primitive, {{DNNL_ARG_SCRATCHPAD, own(scratchpad).get()}}};
    memory result;
    for (size_t i = 0; i < 3; ++i) {
      const bool direct = descs[i] == plain[i].get_desc();
      const memory used = direct ? plain[i] : own(descs[i]);
      if (!direct && i != written) add_reorder(plain[i], used);
      if (i == written) result = used;
      step.arguments.push_back({arguments[i], used.get()});
    }
    steps.push_back(step);
    if (result != plain[written]) add_reorder(result, plain[written]);
  }
};

Operation::Operation(int threads) : state_(std::make_unique<State>()) { state_->threads = threads; }

Operation::~Operation() = default;

int64_t Operation::workspace_bytes() const { return state_->workspace_bytes; }

void Operation::run(float* x, float* w, float* y, std::byte* workspace) {
  const LibraryScope scope(state_->threads);
  try {
    if (workspace != state_->workspace) {
      for (State::Owned& owned : state_->owned) owned.handle.set_data_handle(workspace + owned.offset);
      state_->workspace = workspace;
    }
    state_->plain[0].set_data_handle(x);
    state_->plain[1].set_data_handle(w);
    state_->plain[2].set_data_handle(y);
    for (const Step& step : state_->steps) step.execute(state_->stream);
    state_->stream.wait();
  } catch (const dnnl::error& error) {
    fail("execute an operation", error.what());
  }
}

Convolution::Convolution(const Conv& conv, Settings settings) : Operation(settings.threads) {
  const LibraryScope scope(settings.threads);
  try {
    const Shapes shapes = shapes_of(conv);
    state_->plain = {memory(shapes.x, engine(), nullptr), memory(shapes.w, engine(), nullptr),
                     memory(shapes.y, engine(), nullptr)};
    Maker maker{{}, shapes.x, shapes.w, shapes.y, shapes};
    choose_formats(conv, settings.precision, maker.x, maker.w, maker.y);
    maker.attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    switch (conv.direction) {
      case ConvDirection::kForward: {
        const auto desc = maker.forward();
        state_->add(dnnl::convolution_forward(desc), desc.scratchpad_desc(),
                    {desc.src_desc(), desc.weights_desc(), desc.dst_desc()},
                    {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST}, 2);
        break;
      }
      case ConvDirection::kInputGradient: {
        const auto desc = maker.input_gradient();
        state_->add(dnnl::convolution_backward_data(desc), desc.scratchpad_desc(),
                    {desc.diff_src_desc(), desc.weights_desc(), desc.diff_dst_desc()},
                    {DNNL_ARG_DIFF_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_DST}, 0);
        break;
      }
      case ConvDirection::kFilterGradient: {
        const auto desc = maker.filter_gradient();
        state_->add(dnnl::convolution_backward_weights(desc), desc.scratchpad_desc(),
                    {desc.src_desc(), desc.diff_weights_desc(), desc.diff_dst_desc()},
                    {DNNL_ARG_SRC, DNNL_ARG_DIFF_WEIGHTS, DNNL_ARG_DIFF_DST}, 1);
        break;
      }
    }
  } catch (const dnnl::error& error) {
    fail("make a convolution", error.what());
  }
}

// The factors keep their layout: one that the library chooses makes the product up to 10 % faster, but reordering into
// it takes longer than that (AVX-512 BF16, 200 x 300 x 784 to 2048 x 2048 x 2048, transposed or not).
RoundedProduct::RoundedProduct(bool transpose_x, bool transpose_w, int64_t m, int64_t n, int64_t k, int64_t row_of_x,
                               int threads)
    : Operation(threads) {
  using Type = memory::data_type;
  const LibraryScope scope(threads);
  try {
    const auto matrix = [](int64_t rows, int64_t columns, Type type, bool transposed) {
      const auto format = transposed ? memory::format_tag::ba : memory::format_tag::ab;
      return Desc(memory::dims{rows, columns}, type, format);
    };
    const Desc y = matrix(m, n, Type::f32, false);
    const auto strides_of_x = transpose_x ? memory::dims{1, row_of_x} : memory::dims{row_of_x, 1};
    state_->plain = {memory(Desc(memory::dims{m, k}, Type::f32, strides_of_x), engine(), nullptr),
                     memory(matrix(k, n, Type::f32, transpose_w), engine(), nullptr), memory(y, engine(), nullptr)};
    const std::array<Desc, 3> descs = {matrix(m, k, Type::bf16, transpose_x), matrix(k, n, Type::bf16, transpose_w), y};
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
#if DNNL_VERSION_MAJOR >= 3
    const dnnl::matmul::primitive_desc desc(engine(), descs[0], descs[1], descs[2], attributes);
#else
    const dnnl::matmul::primitive_desc desc({descs[0], descs[1], descs[2]}, attributes, engine());
#endif
    state_->add(dnnl::matmul(desc), desc.scratchpad_desc(), descs, {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST}, 2);
  } catch (const dnnl::error& error) {
    fail("make a product", error.what());
  }
}

}  // namespace bilevel::cpu::onednn
