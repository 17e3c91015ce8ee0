// Own kernels or oneDNN.
#pragma once

#include "cpu/settings.h"
#include "program/program.h"

namespace bilevel::cpu {

// Whether Correlation or FilterGradient computes a convolution without empty dimensions, rather than oneDNN.
bool direct_is_faster(const Conv& conv, Precision precision);

// Whether our Winograd kernels compute it faster than any other way.
bool winograd_is_faster(const Conv& conv, Precision precision);

// Whether winograd::InputGradient is faster than winograd::Correlation, for a convolution that has a tiling.
bool spreading_is_faster(const Conv& conv);

}  // namespace bilevel::cpu
