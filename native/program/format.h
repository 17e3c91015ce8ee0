// The numbers of the encoded program (docs/program-format.md). The lists mirror lib/encoded.ts: the addon exports these
// names and a test compares both sides, so the two languages cannot drift apart.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace bilevel {

inline constexpr int64_t kFormatVersion = 1;
inline constexpr int64_t kFormatMagic = 0x62694c76;

enum class DType : uint8_t { kFloat32, kInt32, kInt64, kBool };
inline constexpr std::array<std::string_view, 4> kDTypeNames = {"float32", "int32", "int64", "bool"};
inline constexpr std::array<int64_t, 4> kDTypeBytes = {4, 4, 8, 1};

enum class BufferKind : uint8_t { kArena, kBinding, kConstant };
inline constexpr std::array<std::string_view, 3> kBufferKindNames = {"arena", "binding", "constant"};

enum class Access : uint8_t { kRead, kWrite, kReadWrite };
inline constexpr std::array<std::string_view, 3> kAccessNames = {"read", "write", "readWrite"};

enum class Opcode : uint8_t {
  kFused,
  kMatmul,
  kConv,
  kConvInputGradient,
  kConvFilterGradient,
  kMaxPool,
  kAveragePool,
  kAveragePoolGradient,
  kGather,
  kScatterAdd,
  kGatherElements,
  kScatterAddElements,
  kSetRows,
  kArgMax,
  kRandomUniform,
  kWarpAffine,
  kWarpAffineGradient,
  kSparseMatmul,
  kSampledMatmul,
  kAllReduce,
};
inline constexpr std::array<std::string_view, 20> kOpcodeNames = {"fused",
                                                                  "matmul",
                                                                  "conv",
                                                                  "convInputGradient",
                                                                  "convFilterGradient",
                                                                  "maxPool",
                                                                  "averagePool",
                                                                  "averagePoolGradient",
                                                                  "gather",
                                                                  "scatterAdd",
                                                                  "gatherElements",
                                                                  "scatterAddElements",
                                                                  "setRows",
                                                                  "argMax",
                                                                  "randomUniform",
                                                                  "warpAffine",
                                                                  "warpAffineGradient",
                                                                  "sparseMatmul",
                                                                  "sampledMatmul",
                                                                  "allReduce"};

// Their names are in program/tape.h.
enum class TapeOp : uint8_t {
  kConstant,
  kNeg,
  kExp,
  kLog,
  kSqrt,
  kAbs,
  kSign,
  kTanh,
  kSigmoid,
  kErf,
  kRelu,
  kSoftplus,
  kSin,
  kCos,
  kFloor,
  kCeil,
  kRound,
  kNot,
  kAdd,
  kSub,
  kMul,
  kDiv,
  kPow,
  kMaximum,
  kMinimum,
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kAnd,
  kOr,
  kWhere,
  kToFloat,
  kToInteger,
  kToBool,
};
enum class OutputMode : uint8_t { kStore, kSum, kMax };
inline constexpr std::array<std::string_view, 3> kOutputModeNames = {"store", "sum", "max"};

}  // namespace bilevel
