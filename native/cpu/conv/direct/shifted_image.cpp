#include "cpu/conv/direct/shifted_image.h"

namespace bilevel::cpu::direct {

ShiftedImage shifted_image(const Geometry& geometry, int64_t lanes) {
  const Geometry::Axis &rows = geometry.rows, &columns = geometry.columns;
  return {.channels = geometry.inputs,
          .plane = geometry.input_cells(),
          .pitch = columns.input,
          .from = (rows.begin() - rows.pad_low) * columns.input + columns.begin() - columns.pad_low,
          .height = rows.end() - rows.begin(),
          .width = columns.end() - columns.begin(),
          .row = rows.begin(),
          .column = columns.begin(),
          .rows = rows.padded(),
          .columns = columns.padded(),
          .kernel_columns = columns.kernel,
          .dilation = columns.dilation,
          .output_columns = columns.output,
          .shifted_plane = rows.padded() * columns.output + lanes};
}

}  // namespace bilevel::cpu::direct
