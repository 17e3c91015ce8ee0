import { equal, where } from '../functions/elementwise.js';
import * as f from '../functions/indexing.js';
import { iota } from '../functions/leaf.js';
import { broadcastTo, reshape, zeros } from '../functions/shape.js';
import type { ScatterAddAttributes } from '../ops/indexing.js';
import { sizeAt, three, two } from '../ops/infer.js';
import type { AxisAttributes } from '../ops/shape.js';
import type { Rule } from './rule.js';

export const gather: Rule<AxisAttributes> = (node, dy) => {
  const [x, indices] = two(node.inputs);
  const { axis } = node.attributes;
  return [f.scatterAdd(dy, indices, { axis, size: sizeAt(x.shape, axis) })];
};

export const scatterAdd: Rule<ScatterAddAttributes> = (node, dy) => [
  f.gather(dy, two(node.inputs)[1], node.attributes.axis),
];

export const gatherElements: Rule<unknown> = (node, dy) => {
  const [x, indices] = two(node.inputs);
  return [f.scatterAddElements(dy, indices, { size: sizeAt(x.shape, x.shape.length - 1) })];
};

export const scatterAddElements: Rule<unknown> = (node, dy) => [f.gatherElements(dy, two(node.inputs)[1])];

/** A row that a later one overwrote has no derivative: of the positions written to each row the last is found first. */
export const setRows: Rule<unknown> = (node, dy, wanted) => {
  const [target, indices, rows] = three(node.inputs);
  const rowsGradient = () => {
    const positions = iota(sizeAt(indices.shape, 0), 'int32');
    const writer = f.setRows(broadcastTo(0, [sizeAt(target.shape, 0)], 'int32'), indices, positions);
    const stays = equal(f.gather(writer, indices, 0), positions);
    const column = reshape(stays, [...stays.shape, ...rows.shape.slice(1).map(() => 1)]);
    return where(column, f.gather(dy, indices, 0), 0);
  };
  return [
    wanted[0] ? f.setRows(dy, indices, zeros(rows.shape)) : undefined,
    undefined,
    wanted[2] ? rowsGradient() : undefined,
  ];
};
