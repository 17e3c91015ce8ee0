/** Cases whose values are known not to be those of ONNX's files, and why that is right. */
export const known = new Map([
  ...['linear', 'cubic'].map((mode) => [
    `test_resize_downsample_scales_${mode}_align_corners`,
    'places cells by the whole number of them, as the text of the operator, PyTorch and ONNX Runtime do',
  ]),
  ...['', '_default', '_default_mask', '_mask'].map((name) => [
    `test_training_dropout${name}`,
    'draws other random numbers',
  ]),
  ['test_averagepool_2d_ceil_last_window_starts_on_pad', 'its values are written with four digits'],
]);
