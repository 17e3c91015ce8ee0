import { int64s, tensor } from '../builder.js';
import { type OperatorCase, random } from '../operator-case.js';

const picture = random([1, 2, 4, 5]);
const nothing = tensor([]);

function scales(height: number, width: number) {
  return tensor([1, 1, Math.fround(height), Math.fround(width)]);
}

function sizes(height: number, width: number) {
  return int64s([1, 2, height, width]);
}

const transformations = ['half_pixel', 'pytorch_half_pixel', 'align_corners', 'asymmetric'];

export const resampling: readonly OperatorCase[] = [
  ...['nearest', 'linear'].flatMap((mode): OperatorCase[] => [
    { op: 'Upsample', note: mode, opsets: [9], inputs: [picture, scales(2, 3)], attributes: { mode } },
    { op: 'Resize', note: mode, opsets: [10], inputs: [picture, scales(2, 0.6)], attributes: { mode } },
  ]),
  {
    op: 'Upsample',
    note: 'scales as an attribute',
    opsets: [7],
    inputs: [picture],
    attributes: { scales: { floats: [1, 1, 2, 2] } },
  },
  ...transformations.flatMap((place): OperatorCase[] => [
    ...['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'].flatMap((round): OperatorCase[] => [
      {
        op: 'Resize',
        note: `nearest, ${place}, ${round}, scales`,
        opsets: [11, 13],
        inputs: [picture, nothing, scales(1.5, 0.7)],
        attributes: { coordinate_transformation_mode: place, nearest_mode: round },
      },
      {
        op: 'Resize',
        note: `nearest, ${place}, ${round}, sizes`,
        opsets: [13, 19],
        inputs: [picture, nothing, nothing, sizes(8, 3)],
        attributes: { coordinate_transformation_mode: place, nearest_mode: round },
      },
    ]),
    ...['linear', 'cubic'].flatMap((mode): OperatorCase[] => [
      {
        op: 'Resize',
        note: `${mode}, ${place}, scales`,
        opsets: [11, 13, 18],
        inputs: [picture, nothing, scales(2.3, 0.5)],
        attributes: { coordinate_transformation_mode: place, mode },
      },
      {
        op: 'Resize',
        note: `${mode}, ${place}, sizes`,
        opsets: [13, 19],
        inputs: [picture, nothing, nothing, sizes(7, 3)],
        attributes: { coordinate_transformation_mode: place, mode },
      },
    ]),
  ]),
  {
    op: 'Resize',
    note: 'linear in one dimension',
    opsets: [13],
    inputs: [random([2, 3, 5]), nothing, tensor([1, 1, 2])],
    attributes: { mode: 'linear' },
  },
  {
    op: 'Resize',
    note: 'linear in three dimensions',
    opsets: [13],
    inputs: [random([1, 1, 3, 4, 2]), nothing, tensor([1, 1, 2, 2, 2])],
    attributes: { mode: 'linear' },
  },
  {
    op: 'Resize',
    note: 'cubic without what is outside',
    opsets: [11, 13],
    inputs: [picture, nothing, scales(1.7, 2)],
    attributes: { mode: 'cubic', exclude_outside: 1, cubic_coeff_a: { float: -0.5 } },
  },
  ...['not_larger', 'not_smaller'].map(
    (policy): OperatorCase => ({
      op: 'Resize',
      note: policy,
      opsets: [18, 19],
      inputs: [picture, nothing, nothing, int64s([7, 8])],
      attributes: { mode: 'nearest', keep_aspect_ratio_policy: policy, axes: [2, 3] },
    }),
  ),
  ...['linear', 'cubic'].map(
    (mode): OperatorCase => ({
      op: 'Resize',
      note: `${mode} with antialiasing`,
      opsets: [18, 19],
      inputs: [random([1, 2, 9, 10]), nothing, scales(0.6, 0.5)],
      attributes: { mode, antialias: 1 },
    }),
  ),
  {
    op: 'Resize',
    note: 'half_pixel_symmetric',
    opsets: [19],
    inputs: [picture, nothing, scales(2.3, 0.7)],
    attributes: { mode: 'linear', coordinate_transformation_mode: 'half_pixel_symmetric' },
  },
  {
    op: 'Resize',
    note: 'tf_half_pixel_for_nn',
    opsets: [11],
    inputs: [picture, nothing, scales(2, 0.6)],
    attributes: { mode: 'nearest', coordinate_transformation_mode: 'tf_half_pixel_for_nn', nearest_mode: 'floor' },
  },
  {
    op: 'Resize',
    note: 'crop',
    opsets: [11, 13],
    inputs: [picture, tensor([0, 0, 0.2, -0.3, 1, 1, 0.9, 0.7].map(Math.fround)), nothing, sizes(3, 6)],
    attributes: {
      mode: 'linear',
      coordinate_transformation_mode: 'tf_crop_and_resize',
      extrapolation_value: { float: 1.5 },
    },
  },
  ...['zeros', 'border', 'reflection'].flatMap((padding_mode): OperatorCase[] =>
    [0, 1].flatMap((align_corners): OperatorCase[] => [
      ...['bilinear', 'nearest', 'bicubic'].map(
        (mode): OperatorCase => ({
          op: 'GridSample',
          note: `${mode}, ${padding_mode}, ${align_corners ? 'corners' : 'edges'} aligned`,
          opsets: [16],
          inputs: [picture, random([1, 3, 2, 2], 1.6)],
          attributes: { mode, padding_mode, align_corners },
        }),
      ),
      {
        op: 'GridSample',
        note: `volume, ${padding_mode}, ${align_corners ? 'corners' : 'edges'} aligned`,
        opsets: [20],
        inputs: [random([2, 2, 3, 4, 2]), random([2, 2, 3, 1, 3], 1.4)],
        attributes: { mode: 'linear', padding_mode, align_corners },
      },
    ]),
  ),
  { op: 'Col2Im', opsets: [18], inputs: [random([2, 8, 6]), int64s([3, 4]), int64s([2, 2])] },
  {
    op: 'Col2Im',
    note: 'strides, dilations and pads',
    opsets: [18],
    inputs: [random([1, 6, 12]), int64s([5, 4]), int64s([3, 2])],
    attributes: { strides: [1, 2], dilations: [2, 1], pads: [1, 2, 1, 2] },
  },
];
