// Own kernels or oneDNN.
#pragma once

#include "cpu/conv/tiled/tile_loops.h"
#include "cpu/kernel/settings.h"
#include "program/program.h"

namespace bilevel::cpu {

// Whether direct::Correlation or direct::FilterGradient computes a convolution without empty dimensions, rather than
// oneDNN.
bool direct_is_faster(const Conv& conv, Precision precision);

// The transforms of tiles that compute it faster than any other way, or null.
const tiled::Loops* faster_tiles(const Conv& conv, Precision precision);

// Whether tiled::InputGradient is faster than tiled::Correlation, for a convolution that has a tiling.
bool spreading_is_faster(const Conv& conv, const tiled::Loops& loops);

}  // namespace bilevel::cpu
