// The innermost loops of pooling, compiled once per instruction set (pool_loops.isa.cpp) and chosen when the process
// starts.
#pragma once

#include <cstdint>
#include <span>

namespace bilevel::cpu {

// Vectors may read this many elements behind the last cells and corners.
inline constexpr int64_t kPoolSlack = 16;

struct PoolLoops {
  // Rows of cells: cell i * stride + p of a row is x[origin + row.x + i * stride + p] and lies in scratch memory at
  // scratch[row.scratch + starts[p] + i].
  struct Row {
    int64_t x, scratch;
  };
  struct Rows {
    const Row* rows;
    int64_t count, origin, length;  // cells of each row
    const int64_t* starts;
    int64_t stride;
  };
  // One tap of windows: window i meets cell cells[from + i], whose position is `position` beyond the window's corner.
  struct Tap {
    int64_t from;
    uint32_t position;
  };
  // A run of windows. The cell that a tap of window i meets has the position origin + corners[i] + tap.position within
  // its plane, which wraps like unsigned arithmetic.
  struct Windows {
    const Tap* taps;
    int64_t tap_count;
    const uint32_t* corners;
    uint32_t origin;
    int64_t count;
  };

  // Copies rows to scratch memory, times a factor.
  void (*split)(float* scratch, const float* x, const Rows& rows, float factor);
  // y[i] is the largest cell of window i (NaN wins) and index[i] the position of the first that is, or -1 when all are
  // -infinity. Returns whether there was no such window.
  bool (*max)(int32_t* index, float* y, const float* cells, const Windows& windows);

  // Windows of one output row and one tap, where output i meets x[i * stride]:
  // total[i] += x[i * stride]
  void (*sum)(float* total, const float* x, int64_t stride, int64_t n);
  // x[i * stride] += share[i]
  void (*spread)(float* x, const float* share, int64_t stride, int64_t n);
};

// Those of the instruction sets that this processor has, best first.
std::span<const PoolLoops* const> supported_pool_loops();

inline const PoolLoops& pool_loops() { return *supported_pool_loops().front(); }

}  // namespace bilevel::cpu
