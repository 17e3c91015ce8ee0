import type { Shape } from '../../tensor.js';
import * as f from '../functions/conv.js';
import { reshape } from '../functions/shape.js';
import type { Node } from '../node.js';
import type { ConvAttributes, ConvFilterGradientAttributes, ConvInputGradientAttributes } from '../ops/conv.js';
import { sizeAt, two } from '../ops/infer.js';
import { moveAxes, type Operand, type Rule } from './rule.js';

/** The tensors of y = conv(x, w). */
type Role = 'x' | 'w' | 'y';
type Axis = 'batch' | 'group' | 'channel' | 'filter';

/** The axes before the spatial ones once the groups have an axis of their own. */
const axesOf: Readonly<Record<Role, readonly Axis[]>> = {
  x: ['batch', 'group', 'channel'],
  w: ['group', 'filter', 'channel'],
  y: ['batch', 'group', 'filter'],
};

/**
 * The axis with which that of the points is merged. Every axis belongs to two of the three tensors except the groups,
 * which all have: so a tensor that is not stacked names the axis of the other two.
 */
const axisWithout: Readonly<Record<Role, Axis>> = { w: 'batch', x: 'filter', y: 'channel' };

function sizesOf(role: Role, [first = 0, second = 0]: Shape, groups: number): readonly number[] {
  return role === 'w' ? [groups, first / groups, second] : [first, groups, second / groups];
}

/** [count, ...shape], with the axis of the points merged with the given one and put in its place. */
function merge(role: Role, value: Node, axis: Axis, groups: number): Node {
  const [count = 0, ...shape] = value.shape;
  const spatial = shape.slice(2);
  const sizes = sizesOf(role, shape, groups);
  const position = axesOf[role].indexOf(axis);
  const points = moveAxes(reshape(value, [count, ...sizes, ...spatial]), 0, position);
  const [a = 0, b = 0, c = 0] = sizes.with(position, count * sizeAt(sizes, position));
  return reshape(points, [...(role === 'w' ? [a * b, c] : [a, b * c]), ...spatial]);
}

/** The inverse of merge, to [count, ...shape]. */
function split(role: Role, value: Node, axis: Axis, groups: number, [count = 0, ...shape]: Shape): Node {
  const position = axesOf[role].indexOf(axis);
  const sizes = sizesOf(role, shape, groups).toSpliced(position, 0, count);
  const points = reshape(value, [...sizes, ...shape.slice(2)]);
  return reshape(moveAxes(points, position, 0), [count, ...shape]);
}

function convolution<A extends ConvAttributes>(
  roles: readonly [Role, Role],
  result: Role,
  apply: (a: Node, b: Node, attributes: A) => Node,
): Rule<A> {
  return ({ attributes, shape }, operands, count) => {
    const [a, b] = two(operands);
    const shared = roles.find((_, index) => operands[index]?.stacked === false);
    const axis = shared === undefined ? 'group' : axisWithout[shared];
    const { groups } = attributes;
    const merged = ({ node, stacked }: Operand, role: Role) => (stacked ? merge(role, node, axis, groups) : node);
    const value = apply(merged(a, roles[0]), merged(b, roles[1]), {
      ...attributes,
      groups: axis === 'group' ? groups * count : groups,
    });
    return split(result, value, axis, groups, [count, ...shape]);
  };
}

export const conv = convolution<ConvAttributes>(['x', 'w'], 'y', f.conv);
export const convInputGradient = convolution<ConvInputGradientAttributes>(['y', 'w'], 'x', f.convInputGradient);
export const convFilterGradient = convolution<ConvFilterGradientAttributes>(['x', 'y'], 'w', f.convFilterGradient);
