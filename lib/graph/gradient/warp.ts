import { elementCount } from '../../tensor.js';
import { add, and, cast, floor, greaterEqual, less, mul, sub, where } from '../functions/elementwise.js';
import { gatherElements } from '../functions/indexing.js';
import { constant } from '../functions/leaf.js';
import { reduceSum } from '../functions/reduce.js';
import { broadcastTo, concat, reshape, slice } from '../functions/shape.js';
import * as f from '../functions/warp.js';
import type { Node } from '../node.js';
import { sizeAt, two } from '../ops/infer.js';
import type { WarpAffineAttributes, WarpAffineGradientAttributes } from '../ops/warp.js';
import type { Rule } from './rule.js';

export const warpAffine: Rule<WarpAffineAttributes> = (node, dy, wanted) => {
  const [x, table] = two(node.inputs);
  return [
    wanted[0] ? f.warpAffineGradient(dy, table, { inputSize: x.shape.slice(2) }) : undefined,
    wanted[1] ? tableGradient(x, table, dy) : undefined,
  ];
};

export const warpAffineGradient: Rule<WarpAffineGradientAttributes> = (node, dx, wanted) => {
  const [y, table] = two(node.inputs);
  return [
    wanted[0] ? f.warpAffine(dx, table, { outputSize: y.shape.slice(2) }) : undefined,
    // <transpose of y, dx> is <y, warp of dx>.
    wanted[1] ? tableGradient(dx, table, y) : undefined,
  ];
};

/**
 * The gradient of <warpAffine(x, table), dy> with respect to the table: what x changes by from one pixel to the next,
 * along each axis, around every position.
 */
function tableGradient(x: Node, table: Node, dy: Node): Node {
  const [batch = 0, channels = 0, height = 0, width = 0] = x.shape;
  const points = pointsOf(dy.shape.slice(2));
  const count = sizeAt(points.shape, 1);
  const positions = reduceSum(mul(reshape(table, [batch, 2, 3, 1]), points), [2]);
  const axis = (index: number): Node => slice(positions, { starts: [0, index, 0], limits: [batch, index + 1, count] });
  const [row, column] = [axis(0), axis(1)];
  const [top, left] = [floor(row), floor(column)];
  const planes = reshape(x, [batch, channels, height * width]);
  const pixel = (down: number, right: number): Node => {
    const [i, j] = [add(top, down), add(left, right)];
    const inside = and(and(greaterEqual(i, 0), less(i, height)), and(greaterEqual(j, 0), less(j, width)));
    const place = cast(where(inside, add(mul(cast(i, 'int64'), width), cast(j, 'int64')), 0), 'int32');
    return where(inside, gatherElements(planes, broadcastTo(place, [batch, channels, count])), 0);
  };
  const [a, b, c, d] = [pixel(0, 0), pixel(0, 1), pixel(1, 0), pixel(1, 1)];
  const [down, right] = [sub(row, top), sub(column, left)];
  const slopes = [
    add(mul(sub(1, right), sub(c, a)), mul(right, sub(d, b))),
    add(mul(sub(1, down), sub(b, a)), mul(down, sub(d, c))),
  ];
  const flat = reshape(dy, [batch, channels, count]);
  const sums = slopes.map((slope) => reduceSum(mul(flat, slope), [1], { keepDims: true }));
  return reduceSum(mul(reshape(concat(sums, 1), [batch, 2, 1, count]), points), [3]);
}

/** (i, j, 1) for every pixel: [3, rows * columns]. */
function pointsOf(size: readonly number[]): Node {
  const columns = sizeAt(size, 1);
  const count = elementCount(size);
  const values = Float64Array.from({ length: 3 * count }, (_, index) => {
    const pixel = index % count;
    return [Math.floor(pixel / columns), pixel % columns, 1][Math.floor(index / count)] ?? 0;
  });
  return constant(values, [3, count]);
}
