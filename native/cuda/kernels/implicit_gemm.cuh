// Convolutions and their gradients as products of matrices that are nowhere in memory: an element of one is found where
// it lies in the images. x is [batch, channels, input], w is [outputs, channels / groups, kernel] and y is [batch,
// outputs, output]; each group is a product. Sizes, beside those of blocked_product(): kBatch, kGroups, kGroupInputs,
// kGroupOutputs, functions rows() and columns() with the axes, and how many elements can be moved at once of what lies
// in memory as it is needed (kNeighboursOfW, kNeighboursOfY, kNeighboursOfResult).
#pragma once

#include "cuda/kernels/blocked_product.cuh"
#include "cuda/kernels/windows.cuh"

namespace bilevel {

template <typename Sizes>
struct ConvShape {
  typedef typename Sizes::Number Number;
  static constexpr Number kTaps = static_cast<Number>(Sizes::rows().kernel * Sizes::columns().kernel);
  static constexpr Number kInputs = static_cast<Number>(Sizes::rows().input * Sizes::columns().input);
  static constexpr Number kOutputs = static_cast<Number>(Sizes::rows().output * Sizes::columns().output);
  static constexpr Number kKernelColumns = static_cast<Number>(Sizes::columns().kernel);
  static constexpr Number kInputColumns = static_cast<Number>(Sizes::columns().input);
  static constexpr Number kOutputColumns = static_cast<Number>(Sizes::columns().output);
  // Of all channels of an image of x and of y, of one output of w, and of a group of w.
  static constexpr Number kImage = static_cast<Number>(Sizes::kGroups * Sizes::kGroupInputs) * kInputs;
  static constexpr Number kImageOfY = static_cast<Number>(Sizes::kGroups * Sizes::kGroupOutputs) * kOutputs;
  static constexpr Number kWeights = static_cast<Number>(Sizes::kGroupInputs) * kTaps;
  static constexpr Number kGroupWeights = static_cast<Number>(Sizes::kGroupOutputs) * kWeights;
};

// A place in an image: what is behind it of whole planes, and the row and the column in one.
template <typename Number>
struct Place {
  Number planes, row, column;
};

// What the taps of windows meet of x. Windows are numbered through all images, and taps through all channels of a
// group.
template <typename Sizes>
struct InputOfWindows {
  typedef ConvShape<Sizes> Shape;
  typedef typename Sizes::Number Number;
  const float* x;  // of a group

  BILEVEL_INLINE Place<Number> window(Number number) const {
    const Number window = number % Shape::kOutputs;
    return {number / Shape::kOutputs * Shape::kImage,
            static_cast<Number>(Sizes::rows().position(window / Shape::kOutputColumns, 0)),
            static_cast<Number>(Sizes::columns().position(window % Shape::kOutputColumns, 0))};
  }
  BILEVEL_INLINE Place<Number> tap(Number number) const {
    const Number tap = number % Shape::kTaps;
    return {number / Shape::kTaps * Shape::kInputs,
            tap / Shape::kKernelColumns * static_cast<Number>(Sizes::rows().dilation),
            tap % Shape::kKernelColumns * static_cast<Number>(Sizes::columns().dilation)};
  }
  BILEVEL_INLINE float value(const Place<Number>& window, const Place<Number>& tap) const {
    const Number row = window.row + tap.row, column = window.column + tap.column;
    if (!Sizes::rows().is_inside(row) || !Sizes::columns().is_inside(column)) return 0.0f;
    return x[window.planes + tap.planes + row * Shape::kInputColumns + column];
  }
};

template <typename Sizes>
struct WindowsAlongLines : InputOfWindows<Sizes> {
  typedef typename Sizes::Number Number;
  typedef Place<Number> Line;
  typedef Place<Number> Depth;
  static constexpr bool kAlongDepth = false;
  static constexpr uint32_t kNeighbours = 1;

  BILEVEL_INLINE Line line(Number window) const { return this->window(window); }
  BILEVEL_INLINE Depth depth(Number tap) const { return this->tap(tap); }
  BILEVEL_INLINE void load(float* to, const Line& line, const Depth& depth) const { *to = this->value(line, depth); }
};

template <typename Sizes>
struct WindowsAlongDepth : InputOfWindows<Sizes> {
  typedef typename Sizes::Number Number;
  typedef Place<Number> Line;
  typedef Place<Number> Depth;
  static constexpr bool kAlongDepth = true;
  static constexpr uint32_t kNeighbours = 1;

  BILEVEL_INLINE Line line(Number tap) const { return this->tap(tap); }
  BILEVEL_INLINE Depth depth(Number window) const { return this->window(window); }
  BILEVEL_INLINE void load(float* to, const Line& line, const Depth& depth) const { *to = this->value(depth, line); }
};

// The windows of y that meet a cell of x by one of their taps.
template <typename Sizes>
struct WindowsOfCells {
  typedef ConvShape<Sizes> Shape;
  typedef typename Sizes::Number Number;
  typedef Place<Number> Line;
  typedef Place<Number> Depth;
  static constexpr bool kAlongDepth = false;
  static constexpr uint32_t kNeighbours = 1;
  const float* y;  // of a group

  BILEVEL_INLINE Line line(Number number) const {
    const Number cell = number % Shape::kInputs;
    return {number / Shape::kInputs * Shape::kImageOfY, cell / Shape::kInputColumns, cell % Shape::kInputColumns};
  }
  // Outputs, and the taps of each.
  BILEVEL_INLINE Depth depth(Number number) const {
    const Number tap = number % Shape::kTaps;
    return {number / Shape::kTaps * Shape::kOutputs, tap / Shape::kKernelColumns, tap % Shape::kKernelColumns};
  }
  BILEVEL_INLINE void load(float* to, const Line& cell, const Depth& tap) const {
    const Number row = static_cast<Number>(Sizes::rows().window(cell.row, tap.row));
    const Number column = static_cast<Number>(Sizes::columns().window(cell.column, tap.column));
    const bool is_met = row >= 0 && column >= 0;
    *to = is_met ? y[cell.planes + tap.planes + row * Shape::kOutputColumns + column] : 0.0f;
  }
};

// The weights of a channel, along the taps of all outputs of its group.
template <typename Sizes>
struct WeightsOfChannels {
  typedef ConvShape<Sizes> Shape;
  typedef typename Sizes::Number Number;
  typedef Number Line;
  typedef Number Depth;
  static constexpr bool kAlongDepth = true;
  static constexpr uint32_t kNeighbours = 1;
  const float* w;  // of a group

  BILEVEL_INLINE Line line(Number channel) const { return channel * Shape::kTaps; }
  BILEVEL_INLINE Depth depth(Number number) const {
    return number / Shape::kTaps * Shape::kWeights + number % Shape::kTaps;
  }
  BILEVEL_INLINE void load(float* to, Line line, Depth depth) const { *to = w[line + depth]; }
};

// The windows of an output, along those of all images.
template <typename Sizes>
struct WindowsOfOutputs {
  typedef ConvShape<Sizes> Shape;
  typedef typename Sizes::Number Number;
  typedef Number Line;
  typedef Number Depth;
  static constexpr bool kAlongDepth = true;
  static constexpr uint32_t kNeighbours = Sizes::kNeighboursOfY;
  const float* y;  // of a group

  BILEVEL_INLINE Line line(Number output) const { return output * Shape::kOutputs; }
  BILEVEL_INLINE Depth depth(Number window) const {
    return window / Shape::kOutputs * Shape::kImageOfY + window % Shape::kOutputs;
  }
  BILEVEL_INLINE void load(float* to, Line line, Depth depth) const {
    if (kNeighbours == 4) {
      load4(to, y + line + depth);
    } else {
      *to = y[line + depth];
    }
  }
};

// A plane for each row, of images beside each other.
template <typename Sizes, int64_t kImageElements, int64_t kPlaneElements>
struct PlanesOfImages {
  typedef typename Sizes::Number Number;
  static constexpr uint32_t kNeighbours = Sizes::kNeighboursOfResult;
  static constexpr Number kImage = static_cast<Number>(kImageElements), kPlane = static_cast<Number>(kPlaneElements);
  float* at;  // of a group

  BILEVEL_INLINE float* place(Number plane, Number number) const {
    return at + number / kPlane * kImage + plane * kPlane + number % kPlane;
  }
};

// Rows are the outputs of a group, columns the windows of all images, k goes along the taps of the group's channels.
template <typename Sizes>
BILEVEL_INLINE void implicit_gemm(uint32_t number, const float* x, const float* w, float* y, float* parts = nullptr,
                                  uint32_t* arrived = nullptr) {
  typedef ConvShape<Sizes> Shape;
  const BlockOfProduct<Sizes> block(number);
  const MatrixOperand<typename Sizes::Number, Shape::kWeights, 1, Sizes::kNeighboursOfW> left{
      w + block.product * Shape::kGroupWeights};
  WindowsAlongLines<Sizes> right;
  right.x = x + block.product * static_cast<typename Sizes::Number>(Sizes::kGroupInputs) * Shape::kInputs;
  const PlanesOfImages<Sizes, Shape::kImageOfY, Shape::kOutputs> result{
      y + block.product * static_cast<typename Sizes::Number>(Sizes::kGroupOutputs) * Shape::kOutputs};
  blocked_product(block, left, right, result, parts, arrived);
}

// Rows are the channels of a group, columns the cells of all images, k goes along the taps of the group's outputs. With
// strides most taps meet no window: those are zeros.
template <typename Sizes>
BILEVEL_INLINE void implicit_gemm_input_gradient(uint32_t number, float* x, const float* w, const float* y,
                                                 float* parts = nullptr, uint32_t* arrived = nullptr) {
  typedef ConvShape<Sizes> Shape;
  const BlockOfProduct<Sizes> block(number);
  const WeightsOfChannels<Sizes> left{w + block.product * Shape::kGroupWeights};
  const WindowsOfCells<Sizes> right{y + block.product * static_cast<typename Sizes::Number>(Sizes::kGroupOutputs) *
                                            Shape::kOutputs};
  const PlanesOfImages<Sizes, Shape::kImage, Shape::kInputs> result{
      x + block.product * static_cast<typename Sizes::Number>(Sizes::kGroupInputs) * Shape::kInputs};
  blocked_product(block, left, right, result, parts, arrived);
}

// Rows are the outputs of a group, columns the taps of its channels, k goes along the windows of all images.
template <typename Sizes>
BILEVEL_INLINE void implicit_gemm_filter_gradient(uint32_t number, const float* x, float* w, const float* y,
                                                  float* parts = nullptr, uint32_t* arrived = nullptr) {
  typedef ConvShape<Sizes> Shape;
  const BlockOfProduct<Sizes> block(number);
  const WindowsOfOutputs<Sizes> left{y + block.product * static_cast<typename Sizes::Number>(Sizes::kGroupOutputs) *
                                             Shape::kOutputs};
  WindowsAlongDepth<Sizes> right;
  right.x = x + block.product * static_cast<typename Sizes::Number>(Sizes::kGroupInputs) * Shape::kInputs;
  const MatrixResult<typename Sizes::Number, Shape::kWeights, Sizes::kNeighboursOfResult> result{
      w + block.product * Shape::kGroupWeights};
  blocked_product(block, left, right, result, parts, arrived);
}

}  // namespace bilevel
