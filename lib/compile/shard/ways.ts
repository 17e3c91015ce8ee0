import type { Node, NodeOf } from '../../graph/node.js';
import type { OpName } from '../../graph/ops/index.js';
import { elementCount, type Shape } from '../../tensor.js';
import { isElementwise } from '../classes.js';
import { convWay } from './conv.js';
import type { Rule, Way } from './way.js';

/** All operands and the result count the same along one axis. */
const along = ({ inputs }: Node, axis: number): Way => ({ operands: inputs.map(() => axis), result: axis });

/** The only operand is divided. */
const only = (axis: number, result: Way['result']): Way => ({ operands: [axis], result });

/** Element by element with broadcasting, axes counted from the last. */
function elementwise({ inputs, shape }: Node, operand: number, axis: number): Way {
  const result = axis + shape.length - rankOf(inputs, operand);
  const operands = inputs.map((input) => {
    const own = result - shape.length + input.shape.length;
    return own < 0 || input.shape[own] === 1 ? undefined : own;
  });
  return { operands, result };
}

const rankOf = (inputs: readonly Node[], operand: number): number => (inputs[operand] as Node).shape.length;

/** The axis of another shape of the same elements, in the same order, along which they are cut at the same places. */
function reshaped(from: Shape, to: Shape, axis: number, items: number): number | undefined {
  const before = elementCount(from.slice(0, axis));
  const found = to.findIndex((size, at) => elementCount(to.slice(0, at)) === before && size % items === 0 && size > 0);
  return found < 0 ? undefined : found;
}

const reduceSum: Rule<'reduceSum'> = ({ attributes: { axes } }, _operand, axis) =>
  only(axis, axes.includes(axis) ? 'term' : withoutBefore(axes, axis));

const reduceMax: Rule<'reduceMax'> = ({ attributes: { axes } }, _operand, axis) =>
  axes.includes(axis) ? undefined : only(axis, withoutBefore(axes, axis));

const argMax: Rule<'argMax'> = ({ attributes }, _operand, axis) =>
  attributes.axis === axis ? undefined : only(axis, withoutBefore([attributes.axis], axis));

const withoutBefore = (axes: readonly number[], axis: number): number =>
  axis - axes.filter((each) => each < axis).length;

const matmul: Rule<'matmul'> = (node, operand, axis) => {
  const batch = node.shape.length - 2;
  if (axis < batch) return along(node, axis);
  const { transposeA, transposeB } = node.attributes;
  const isFirst = (axis === batch) !== (operand === 0 ? transposeA : transposeB);
  if (operand === 0 && isFirst) return { operands: [axis, undefined], result: batch };
  if (operand === 1 && !isFirst) return { operands: [undefined, axis], result: batch + 1 };
  return { operands: [transposeA ? batch : batch + 1, transposeB ? batch + 1 : batch], result: 'term' };
};

/** Of planes [samples, channels, ...] each by itself. */
const byPlane: Rule<'maxPoolIndices' | 'averagePool' | 'averagePoolGradient'> = (node, _operand, axis) =>
  axis < 2 ? along(node, axis) : undefined;

const gather: Rule<'gather'> = ({ inputs, attributes }, operand, axis) => {
  if (operand === 1) return { operands: [undefined, axis], result: attributes.axis + axis };
  if (axis === attributes.axis) return undefined;
  const result = axis < attributes.axis ? axis : axis - 1 + rankOf(inputs, 1);
  return { operands: [axis, undefined], result };
};

const scatterAdd: Rule<'scatterAdd'> = ({ inputs, attributes, shape }, operand, axis) => {
  const [updates, indices] = inputs as [Node, Node];
  const first = attributes.axis;
  const behind = first + indices.shape.length;
  if (operand === 1 || (axis >= first && axis < behind)) {
    // What has more elements than what is added to it is summed up here, and the sums by all; else all add up alike.
    if (elementCount(updates.shape) < elementCount(shape)) return undefined;
    const own = operand === 1 ? axis : axis - first;
    return { operands: [first + own, own], result: 'term' };
  }
  return { operands: [axis, undefined], result: axis < first ? axis : axis + 1 - indices.shape.length };
};

/** Operands: x, indices, rows. */
const setRows: Rule<'setRows'> = (_node, operand, axis) =>
  operand === 1 || axis === 0 ? undefined : { operands: [axis, undefined, axis], result: axis };

const gatherElements: Rule<'gatherElements'> = (node, operand, axis) => {
  if (axis < node.shape.length - 1) return along(node, axis);
  return operand === 1 ? { operands: [undefined, axis], result: axis } : undefined;
};

const scatterAddElements: Rule<'scatterAddElements'> = (node, _operand, axis) =>
  axis < node.shape.length - 1 ? along(node, axis) : { operands: [axis, axis], result: 'term' };

const concat: Rule<'concat'> = (node, _operand, axis) =>
  axis === node.attributes.axis ? undefined : along(node, axis);

const pad: Rule<'pad'> = ({ attributes: { low, high, interior } }, _operand, axis) =>
  low[axis] === 0 && high[axis] === 0 && interior[axis] === 0 ? only(axis, axis) : undefined;

const slice: Rule<'slice'> = (node, _operand, axis) =>
  node.shape[axis] === (node.inputs[0] as Node).shape[axis] ? only(axis, axis) : undefined;

const transpose: Rule<'transpose'> = ({ attributes: { permutation } }, _operand, axis) =>
  only(axis, permutation.indexOf(axis));

const reshape: Rule<'reshape'> = (node, _operand, axis, items) => {
  const result = reshaped((node.inputs[0] as Node).shape, node.shape, axis, items);
  return result === undefined ? undefined : only(axis, result);
};

/** Of images each by itself. */
const byImage: Rule<'warpAffine' | 'warpAffineGradient'> = (node, _operand, axis) =>
  axis === 0 ? along(node, 0) : undefined;

/** Operands: values, indices, extents, x. */
const sparseMatmul: Rule<'sparseMatmul'> = ({ inputs, attributes: { transpose } }, operand, axis) => {
  const batch = rankOf(inputs, 2) - 2;
  if (operand < 2 || axis > batch) return undefined;
  if (axis < batch) return { operands: [undefined, undefined, axis, axis], result: axis };
  if (transpose) return { operands: [undefined, undefined, batch, batch], result: 'term' };
  return operand === 2 ? { operands: [undefined, undefined, batch, undefined], result: batch } : undefined;
};

/** Operands: indices, extents, a, b. */
const sampledMatmul: Rule<'sampledMatmul'> = ({ inputs }, operand, axis) => {
  const batch = rankOf(inputs, 1) - 2;
  if (operand === 0 || axis > batch || (operand === 3 && axis === batch)) return undefined;
  return { operands: [undefined, axis, axis, axis < batch ? axis : undefined], result: 'term' };
};

/** Of the operations that are not computed element by element. */
const rules: { readonly [K in OpName]?: Rule<K> } = {
  reduceSum,
  reduceMax,
  argMax,
  matmul,
  conv: convWay,
  convInputGradient: convWay,
  convFilterGradient: convWay,
  maxPoolIndices: byPlane,
  averagePool: byPlane,
  averagePoolGradient: byPlane,
  gather,
  scatterAdd,
  setRows,
  gatherElements,
  scatterAddElements,
  concat,
  pad,
  slice,
  transpose,
  reshape,
  warpAffine: byImage,
  warpAffineGradient: byImage,
  sparseMatmul,
  sampledMatmul,
};

/** {@link Rule} of any operation. */
export function wayOf(node: Node, operand: number, axis: number, items: number): Way | undefined {
  if (isElementwise(node.op) || node.op === 'stopGradient' || node.op === 'broadcastTo')
    return elementwise(node, operand, axis);
  const rule = rules[node.op] as Rule<OpName> | undefined;
  return rule?.(node as NodeOf<OpName>, operand, axis, items);
}
