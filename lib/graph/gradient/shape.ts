import { sumTo } from '../functions/reduce.js';
import * as f from '../functions/shape.js';
import { one, sizeAt, span } from '../ops/infer.js';
import type {
  AxisAttributes,
  PadAttributes,
  ShapeAttributes,
  SliceAttributes,
  TransposeAttributes,
} from '../ops/shape.js';
import type { Rule } from './rule.js';

export const reshape: Rule<ShapeAttributes> = (node, dy) => [f.reshape(dy, one(node.inputs).shape)];

export const transpose: Rule<TransposeAttributes> = ({ attributes: { permutation } }, dy) => [
  f.transpose(
    dy,
    permutation.map((_, axis) => permutation.indexOf(axis)),
  ),
];

export const broadcastTo: Rule<ShapeAttributes> = (node, dy) => [sumTo(dy, one(node.inputs).shape)];

export const slice: Rule<SliceAttributes> = (node, dy) => {
  const { starts, strides } = node.attributes;
  const low = node.shape.map((count, axis) => (count === 0 ? 0 : sizeAt(starts, axis)));
  const high = one(node.inputs).shape.map(
    (size, axis) => size - sizeAt(low, axis) - span(sizeAt(node.shape, axis), sizeAt(strides, axis)),
  );
  return [f.pad(dy, { low, high, interior: strides.map((stride) => stride - 1) })];
};

export const pad: Rule<PadAttributes> = (node, dy) => {
  const { low, interior } = node.attributes;
  const strides = interior.map((zeros) => zeros + 1);
  const limits = one(node.inputs).shape.map((size, axis) => sizeAt(low, axis) + span(size, sizeAt(strides, axis)));
  return [f.slice(dy, { starts: low, limits, strides })];
};

export const concat: Rule<AxisAttributes> = (node, dy, wanted) => {
  const { axis } = node.attributes;
  const none = node.shape.map(() => 0);
  let position = 0;
  return node.inputs.map((x, index) => {
    const start = position;
    position += sizeAt(x.shape, axis);
    const range = { starts: none.with(axis, start), limits: node.shape.with(axis, position) };
    return wanted[index] ? f.slice(dy, range) : undefined;
  });
};
