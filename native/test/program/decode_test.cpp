// The verifier: valid programs decode, and each kind of damage is refused with its place.
#include "program/program.h"

#include <cmath>
#include <functional>
#include <limits>
#include <string>

#include "program/error.h"
#include "program/limits.h"
#include "test/support/encoder.h"
#include "test/support/program_samples.h"
#include "test/support/test.h"

namespace bilevel {
namespace {

using test::Encoder;

constexpr auto kF = DType::kFloat32;

// The error's "CODE message", or "accepted".
std::string verdict(const std::vector<double>& words, std::span<const std::byte> constants = {}) {
  try {
    decode(words, static_cast<int64_t>(constants.size()));
    return "accepted";
  } catch (const Error& error) {
    return std::string(error.code()) + " " + error.what();
  }
}

std::string verdict(const Encoder& program) { return verdict(program.words(), program.constants()); }

void check_refused(const std::string& actual, const std::string& part) {
  CHECK(actual.find(part) != std::string::npos, "expected:", part, "but:", actual);
}

struct Copied {
  Encoder program;
  int32_t x, y;
};

// x[6] -> y[6], both in the arena.
Copied arena_pair() {
  Encoder program;
  const int32_t x = program.arena(kF, 6);
  const int32_t y = program.arena(kF, 6);
  return {program, x, y};
}

TEST(valid_programs_are_accepted) {
  for (const Encoder& program : test::sample_programs()) CHECK(verdict(program) == "accepted", verdict(program));
}

TEST(the_header_is_checked) {
  const std::vector<double> words = Encoder().words();
  CHECK(verdict(words) == "accepted");
  check_refused(verdict(std::vector<double>()), "header, magic: the program ends");
  const auto changed = [&](size_t index, double value) {
    auto copy = words;
    copy[index] = value;
    return verdict(copy);
  };
  check_refused(changed(0, 1), "header, magic");
  check_refused(changed(1, 2), "header, version");
  check_refused(changed(2, -1), "arenaBytes: expected at least 0");
  check_refused(changed(2, 0.5), "arenaBytes: expected an exact integer but found 0.5");
  check_refused(changed(2, std::nan("")), "arenaBytes: expected an exact integer");
  check_refused(changed(2, std::numeric_limits<double>::infinity()), "arenaBytes: expected an exact integer");
  check_refused(changed(2, 1e15), "LIMIT_EXCEEDED");
  check_refused(changed(5, 1), "prologueCount: it is more than instructionCount");
  check_refused(changed(6, 1), "instruction 0, opcode: the program ends");
  auto longer = words;
  longer.push_back(0);
  check_refused(verdict(longer), "end, words: 1 words follow");
}

TEST(buffers_stay_within_their_memory) {
  Encoder program;
  const int32_t binding = program.binding(kF, 3, Access::kRead);
  program.bound(binding);
  program.arena(kF, 16);
  const auto words = program.words();
  const size_t bound = 7 + 4, arena = bound + 4;
  const auto changed = [&](size_t index, double value) {
    auto copy = words;
    copy[index] = value;
    return verdict(copy);
  };
  check_refused(changed(bound + 1, 1), "buffer 0, where: there is no binding 1");
  check_refused(changed(bound + 2, 1), "buffer 0, where: the dtype and elementCount differ");
  check_refused(changed(bound + 3, 4), "buffer 0, where: the dtype and elementCount differ");
  check_refused(changed(arena + 1, 64), "do not fit the 64 bytes of the arena");
  check_refused(changed(arena + 1, 4), "must be a multiple of 64");
  check_refused(changed(arena + 3, 17), "do not fit the 64 bytes of the arena");
  check_refused(changed(arena, 2), "do not fit the 0 bytes of the constants");
}

TEST(access_is_enforced) {
  for (const auto& [access, read, written] : {std::tuple{Access::kRead, "accepted", "binding 0 is only for reading"},
                                              {Access::kWrite, "binding 0 is only for writing", "accepted"},
                                              {Access::kReadWrite, "accepted", "accepted"}}) {
    for (const bool writes : {false, true}) {
      Encoder program;
      const int32_t bound = program.bound(program.binding(kF, 4, access));
      const int32_t other = program.arena(kF, 4);
      program.body(Opcode::kFused,
                   test::elementwise(4, TapeOp::kNeg, {writes ? other : bound}, writes ? bound : other));
      check_refused(verdict(program), writes ? written : read);
    }
  }
  Encoder constant;
  const int32_t c = constant.constant({1, 2, 3, 4}), x = constant.arena(kF, 4);
  constant.body(Opcode::kFused, test::elementwise(4, TapeOp::kNeg, {x}, c));
  check_refused(verdict(constant), "instruction 0 (fused), output[0]: buffer 0 is a constant");
  Encoder prologue;
  const int32_t step = prologue.bound(prologue.binding(kF, 4, Access::kRead, true)), y = prologue.arena(kF, 4);
  prologue.prologue(Opcode::kFused, test::elementwise(4, TapeOp::kNeg, {step}, y));
  check_refused(verdict(prologue), "the prologue cannot use binding 0, which is per step");
}

TEST(the_first_write_of_a_binding_is_known) {
  Encoder program;
  const int32_t x = program.arena(kF, 4), out = program.bound(program.binding(kF, 4, Access::kWrite));
  const int32_t y = program.arena(kF, 4);
  program.prologue(Opcode::kFused, test::elementwise(4, TapeOp::kNeg, {x}, y));
  program.body(Opcode::kFused, test::elementwise(4, TapeOp::kNeg, {x}, y));
  CHECK(!decode(program.words(), {}).first_binding_write);
  program.body(Opcode::kFused, test::elementwise(4, TapeOp::kNeg, {y}, out));
  CHECK(decode(program.words(), {}).first_binding_write == 1u);
  CHECK(!decode(program.words(), {}).first_binding_update, "which is not read");
  const int32_t state = program.bound(program.binding(kF, 4, Access::kReadWrite));
  program.body(Opcode::kFused, test::elementwise(4, TapeOp::kAdd, {state, y}, state));
  CHECK(decode(program.words(), {}).first_binding_write == 1u);
  CHECK(decode(program.words(), {}).first_binding_update == 2u);
}

// What an instruction touches, as "read space begin..end" or "written ...", in the order of its operands.
std::vector<std::string> touched_by(const Instruction& instruction) {
  std::vector<std::string> all;
  for (const auto& [written, footprint] : instruction.touched) {
    all.push_back((written ? "written " : "read ") + std::to_string(footprint.space) + " " +
                  std::to_string(footprint.begin) + ".." + std::to_string(footprint.end));
  }
  return all;
}

TEST(instructions_know_what_they_touch) {
  using Touches = std::vector<std::string>;
  Encoder program;
  const int32_t x = program.bound(program.binding(kF, 8, Access::kRead)), c = program.constant({1, 2, 3, 4});
  const int32_t index = program.arena(DType::kInt32, 2), y = program.arena(kF, 40);
  // The second row of two, from the end to the front, plus a constant in every row, to every second element of y.
  program.body(Opcode::kFused,
               {2, 2, 0, 2, 3, 2, double(x), 7, 0,         -1, double(c), 3, 0, 0, 1, double(TapeOp::kAdd),
                2, 0, 1, 0, 0, 1, 0,         2, double(y), 4,  6,         2});
  program.body(Opcode::kMatmul, {1, 2, 2, 2, 0, 0, double(x), 4, double(c), 0, double(y), 8});
  program.body(Opcode::kGather, {1, 8, 1, 2, double(x), double(index), double(program.arena(kF, 2))});
  program.body(Opcode::kFused, test::elementwise(0, TapeOp::kNeg, {y}, y));
  const Program decoded = test::decoded(program);
  const auto touched = [&](size_t i) { return touched_by(decoded.body[i]); };
  CHECK((touched(0) == Touches{"read 2 20..32", "read 1 12..16", "written 0 80..124"}), touched(0)[0], touched(0)[1],
        touched(0)[2]);
  CHECK((touched(1) == Touches{"read 2 16..32", "read 1 0..16", "written 0 96..112"}), touched(1)[0], touched(1)[1],
        touched(1)[2]);
  CHECK((touched(2) == Touches{"read 2 0..32", "read 0 0..8", "written 0 256..264"}), touched(2)[0], touched(2)[1],
        touched(2)[2]);
  CHECK(touched(3).empty());
}

TEST(views_stay_within_their_buffers) {
  // {size, offset, stride} of one operand of 6 elements.
  const auto view = [](double size, double offset, double stride) {
    auto [program, x, y] = arena_pair();
    program.body(Opcode::kFused, {2, 1, 1, 1, size, 1, double(x), offset, 0, stride, 0, 1, 1, 0, double(y), 0, 1, 0});
    return verdict(program);
  };
  CHECK(view(6, 0, 1) == "accepted" && view(6, 5, -1) == "accepted" && view(3, 1, 2) == "accepted");
  CHECK(view(1000, 3, 0) == "accepted" && view(0, 6, 99) == "accepted");
  check_refused(view(6, 1, 1), "operand[0]: the view leaves buffer 0 of 6 elements");
  check_refused(view(6, 4, -1), "the view leaves");
  check_refused(view(1, 6, 1), "the view leaves");
  check_refused(view(1e11, 0, 1e11), "the view leaves");
  check_refused(view(1e11, 6, -1e11), "the view leaves");
  check_refused(view(2e11, 0, 0), "LIMIT_EXCEEDED");
}

TEST(outputs_are_written_once_and_alone) {
  const auto outputs = [](std::vector<double> space, std::initializer_list<std::array<double, 4>> views) {
    Encoder program;
    const int32_t x = program.arena(kF, 12);
    std::vector<double> words = std::move(space);
    words.insert(words.end(), {0, 1, double(TapeOp::kConstant), 0, 0, 0, 0, 1, double(views.size())});
    for (const auto& [register_index, offset, row, column] : views) {
      words.insert(words.end(), {0, register_index, double(x), offset, row, column});
    }
    program.body(Opcode::kFused, words);
    return verdict(program);
  };
  const std::vector<double> space = {2, 2, 0, 3, 2};  // 3 rows of 2
  CHECK(outputs(space, {{0, 0, 2, 1}}) == "accepted");
  CHECK(outputs(space, {{0, 0, 4, 1}, {0, 2, 4, 1}}) == "accepted");  // side by side, as in a concatenation
  CHECK(outputs(space, {{0, 11, -4, -1}}) == "accepted");
  check_refused(outputs(space, {{0, 0, 1, 1}}), "output[0]: the view writes an element more than once");
  check_refused(outputs(space, {{0, 0, 0, 1}}), "more than once");
  check_refused(outputs(space, {{0, 0, 4, 1}, {0, 1, 4, 1}}), "output[0]: it is written over the memory of output[1]");
  check_refused(outputs(space, {{7, 0, 2, 1}}), "output[0]: register 7 is unwritten");
}

TEST(an_output_may_replace_an_operand_only_element_for_element) {
  const auto shifted = [](double read_offset, double read_stride) {
    Encoder program;
    const int32_t x = program.arena(kF, 8);
    program.body(Opcode::kFused, {1, 1, 0, 4, 1, double(x), read_offset, read_stride, 0, 1, 0, 0, double(x), 0, 1});
    return verdict(program);
  };
  CHECK(shifted(0, 1) == "accepted" && shifted(4, 1) == "accepted");
  check_refused(shifted(1, 1), "output[0]: it is written over the memory of operand[0]");
  check_refused(shifted(3, -1), "written over the memory of operand[0]");
  // The sum of x goes to every element of x, while others are still to be summed.
  Encoder program;
  const double x = program.arena(kF, 3);
  program.body(Opcode::kFused, {2, 1, 1, 3, 3, 1, x, 0, 0, 1, 0, 1, 1, 0, x, 0, 1, 0});
  check_refused(verdict(program), "written over the memory of operand[0]");
}

TEST(indices_cannot_change_under_an_instruction) {
  Encoder program;
  const int32_t table = program.arena(DType::kInt32, 4), y = program.arena(DType::kInt32, 4);
  program.body(Opcode::kGather, {1, 4, 1, 4, double(table), double(y), double(y)});
  check_refused(verdict(program), "bufferY: it is written over the memory of bufferIndices");
}

TEST(registers_have_a_class) {
  const auto tape = [](std::vector<double> steps, double count) {
    Encoder program;
    const int32_t f = program.arena(kF, 4), i = program.arena(DType::kInt32, 4), y = program.arena(kF, 4);
    std::vector<double> words = {1, 1, 0, 4, 2, double(f), 0, 1, double(i), 0, 1, count};
    words.insert(words.end(), steps.begin(), steps.end());
    words.insert(words.end(), {1, 0, 2, double(y), 0, 1});
    program.body(Opcode::kFused, words);
    return verdict(program);
  };
  const auto op = [](TapeOp code) { return double(code); };
  CHECK(tape({op(TapeOp::kToFloat), 2, 1, 0, 0, 0}, 1) == "accepted");
  CHECK(tape({op(TapeOp::kLess), 2, 1, 1, 0, 0}, 1) == "accepted");
  check_refused(tape({op(TapeOp::kExp), 2, 1, 0, 0, 0}, 1), "tape[0]: register 1 must hold a float");
  check_refused(tape({op(TapeOp::kAdd), 2, 0, 1, 0, 0}, 1), "registers 0 and 1 must be of one class");
  check_refused(tape({op(TapeOp::kNeg), 2, 1, 0, 0, 0}, 1),
                "output[0]: the register and the buffer must be of one class");
  check_refused(tape({op(TapeOp::kNeg), 2, 9, 0, 0, 0}, 1), "tape[0]: register 9 is unwritten");
  check_refused(tape({op(TapeOp::kNeg), 1, 0, 0, 0, 0}, 1), "destination[0]: expected an integer from 2");
  check_refused(tape({op(TapeOp::kNeg), 256, 0, 0, 0, 0}, 1), "destination[0]: expected an integer from 2 to 255");
  check_refused(tape({op(TapeOp::kNeg), 2, 0, 1, 0, 0}, 1), "an unused source must be 0");
  check_refused(tape({op(TapeOp::kWhere), 2, 1, 0, 0, 0}, 1), "register 1 must hold a float");
  check_refused(tape({37, 2, 0, 0, 0, 0}, 1), "tapeOp[0]: expected an integer from 0 to 36");
}

TEST(reductions_need_reducing_outputs) {
  const auto reduce = [](double mode, double stride, DType dtype) {
    Encoder program;
    const int32_t x = program.arena(kF, 6), y = program.arena(dtype, 6);
    program.body(Opcode::kFused, {2, 1, 1, 2, 3, 1, double(x), 0, 3, 1, 0, 1, mode, 0, double(y), 0, 1, stride});
    return verdict(program);
  };
  CHECK(reduce(1, 0, kF) == "accepted" && reduce(2, 0, kF) == "accepted");
  check_refused(reduce(0, 0, kF), "its mode must be store when nothing is reduced, and sum or max otherwise");
  check_refused(reduce(1, 3, kF), "the stride of a reduced dimension must be 0");
  check_refused(reduce(1, 0, DType::kBool), "sums and maxima are written to float32 buffers");
}

TEST(windows_fit_their_input) {
  const auto pool = [](int64_t input, int64_t kernel, int64_t output, int64_t stride, int64_t low, int64_t high) {
    Encoder program;
    const int32_t x = program.arena(kF, input), indices = program.arena(DType::kInt32, output);
    const int32_t y = program.arena(kF, output);
    program.body(Opcode::kMaxPool, {1, 1, double(input), double(kernel), double(output), double(stride), 1, double(low),
                                    double(high), 0, double(x), double(indices), double(y)});
    return verdict(program);
  };
  CHECK(pool(5, 2, 2, 2, 0, 0) == "accepted");
  CHECK(pool(5, 2, 3, 2, 0, 0) == "accepted");  // ceil mode
  check_refused(pool(5, 2, 4, 2, 0, 0), "outputSize[0]: the window gives 2 to 3 but found 4");
  check_refused(pool(2, 2, 4, 1, 2, 1), "window 0 holds only padding");
  check_refused(pool(2, 2, 4, 1, 0, 3), "the last window holds only padding");
  const auto empty_pool = [](double input, double kernel, double output, double dilation, double low) {
    Encoder program;
    const int32_t x = program.arena(kF, 0), indices = program.arena(DType::kInt32, 0), y = program.arena(kF, 0);
    program.body(Opcode::kMaxPool,
                 {2,        0,   input, input, kernel, kernel, output,    output,          1,        1, dilation,
                  dilation, low, low,   0,     0,      0,      double(x), double(indices), double(y)});
    return verdict(program);
  };
  CHECK(empty_pool(4096, 4096, 1, 1, 0) == "accepted", empty_pool(4096, 4096, 1, 1, 0));
  check_refused(empty_pool(4097, 4097, 1, 1, 0), "LIMIT_EXCEEDED Invalid program, instruction 0 (maxPool), kernelSize");
  check_refused(empty_pool(5000, 2, 5000, 10000, 10000),
                "LIMIT_EXCEEDED Invalid program, instruction 0 (maxPool), dil");
  const auto maxima = [](double scaled, int64_t planes, bool apart) {
    Encoder program;
    const int32_t x = program.arena(kF, 2 * 4), scale = program.arena(kF, planes);
    const int32_t indices = program.arena(DType::kInt32, 2 * 2);
    const int32_t y = apart ? program.arena(kF, 2 * 2) : x;
    program.body(Opcode::kMaxPool,
                 {1, 2, 4, 2, 2, 2, 1, 0, 0, scaled, double(x), double(scale), double(indices), double(y)});
    return verdict(program);
  };
  CHECK(maxima(1, 2, true) == "accepted");
  check_refused(maxima(2, 2, true), "scaled");
  check_refused(maxima(1, 3, true), "bufferScale");
  check_refused(maxima(0, 2, true), "bufferIndices");
  check_refused(maxima(1, 2, false), "bufferY");
  Encoder conv;
  const int32_t x = conv.arena(kF, 5), w = conv.arena(kF, 2), y = conv.arena(kF, 5);
  conv.body(Opcode::kConv, {1, 1, 1, 1, 1, 5, 2, 5, 1, 1, 0, 0, double(x), double(w), double(y)});
  check_refused(verdict(conv), "instruction 0 (conv), outputSize[0]: the window gives 4 but found 5");
}

TEST(warped_images_have_pixels_and_a_map_each) {
  const auto warp = [](double channels, double height, double width, double columns, int64_t maps) {
    Encoder program;
    const int32_t x = program.arena(kF, 2 * 3 * 4), table = program.arena(kF, 6 * maps), y = program.arena(kF, 2 * 9);
    program.body(Opcode::kWarpAffine, {2, channels, height, width, 3, columns, double(x), double(table), double(y)});
    return verdict(program);
  };
  CHECK(warp(1, 3, 4, 3, 2) == "accepted", warp(1, 3, 4, 3, 2));
  check_refused(warp(1, 3, 4, 3, 1), "bufferTable: buffer 1 has 6 elements but the sizes ask for 12");
  check_refused(warp(1, 0, 4, 3, 2), "inputSize[0]");
  check_refused(warp(1, 3, 4, 2, 2), "bufferY");
  check_refused(warp(1, 1 << 25, 4, 3, 2), "LIMIT_EXCEEDED Invalid program, instruction 0 (warpAffine), inputSize[0]");
  check_refused(warp(1, 1 << 16, 1 << 16, 3, 2), "positions within a plane are int32");
  check_refused(warp(2, 3, 4, 3, 2), "bufferX");
}

TEST(products_with_sparse_matrices_are_checked) {
  // [rows, 4] x [4, 2] with six entries.
  const auto product = [](double rows, double entries, double transpose, DType of_indices) {
    Encoder program;
    const int32_t values = program.arena(kF, 6), indices = program.arena(of_indices, 6);
    const int32_t extents = program.arena(DType::kInt32, 6), x = program.arena(kF, 8), y = program.arena(kF, 6);
    program.body(Opcode::kSparseMatmul, {1, rows, 4, 2, entries, transpose, double(values), double(indices),
                                         double(extents), double(x), double(y)});
    return verdict(program);
  };
  CHECK(product(3, 6, 0, DType::kInt32) == "accepted", product(3, 6, 0, DType::kInt32));
  check_refused(product(3, 6, 0, DType::kInt64), "bufferIndices: buffer 1 is int64 but must be int32");
  check_refused(product(3, 5, 0, DType::kInt32), "bufferValues: buffer 0 has 6 elements but the sizes ask for 5");
  check_refused(product(2, 6, 0, DType::kInt32), "bufferExtents: buffer 2 has 6 elements but the sizes ask for 4");
  check_refused(product(3, 6, 1, DType::kInt32), "bufferX: buffer 3 has 8 elements but the sizes ask for 6");
  check_refused(product(3, 6, 2, DType::kInt32), "transpose");
  check_refused(product(3, 1e10, 0, DType::kInt32),
                "LIMIT_EXCEEDED Invalid program, instruction 0 (sparseMatmul), entries");
  Encoder sampled;
  const int32_t indices = sampled.arena(DType::kInt32, 6), extents = sampled.arena(DType::kInt32, 6);
  const int32_t a = sampled.arena(kF, 6), b = sampled.arena(kF, 8);
  sampled.body(Opcode::kSampledMatmul,
               {1, 3, 4, 2, 6, double(indices), double(extents), double(a), double(b), double(a)});
  check_refused(verdict(sampled), "bufferValues: it is written over the memory of bufferA");
}

TEST(whole_buffers_have_exact_sizes) {
  Encoder program;
  const int32_t x = program.arena(kF, 6), indices = program.arena(kF, 2), y = program.arena(kF, 4);
  program.body(Opcode::kGather, {1, 3, 2, 2, double(x), double(indices), double(y)});
  check_refused(verdict(program), "bufferIndices: buffer 1 is float32 but must be int32 or int64");
  Encoder longer;
  const int32_t a = longer.arena(kF, 7), i = longer.arena(DType::kInt64, 2), b = longer.arena(kF, 4);
  longer.body(Opcode::kGather, {1, 3, 2, 2, double(a), double(i), double(b)});
  check_refused(verdict(longer), "bufferX: buffer 0 has 7 elements but the sizes ask for 6");
  Encoder matmul;
  const int32_t m = matmul.arena(kF, 6), n = matmul.arena(kF, 6), p = matmul.arena(kF, 4);
  matmul.body(Opcode::kMatmul, {1, 2, 2, 3, 0, 0, double(m), 0, double(n), 1, double(p), 0});
  check_refused(verdict(matmul), "offsetB: 6 elements from 1 do not fit buffer 1 of 6");
  Encoder sum;
  const int32_t term = sum.arena(kF, 6), total = sum.arena(DType::kInt32, 6);
  sum.body(Opcode::kAllReduce, {6, double(term), double(total)});
  check_refused(verdict(sum), "bufferY: buffer 1 is int32 but must be float32");
}

}  // namespace
}  // namespace bilevel
