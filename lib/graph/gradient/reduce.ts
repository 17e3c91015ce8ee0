import { cast, div, equal, where } from '../functions/elementwise.js';
import { reduceSum as sum } from '../functions/reduce.js';
import { broadcastTo, reshape } from '../functions/shape.js';
import { one, withOnes } from '../ops/infer.js';
import type { ReduceAttributes } from '../ops/reduce.js';
import type { Rule } from './rule.js';

export const reduceSum: Rule<ReduceAttributes> = (node, dy) => {
  const { shape } = one(node.inputs);
  return [broadcastTo(reshape(dy, withOnes(shape, node.attributes.axes)), shape)];
};

/** Equal largest elements share the derivative evenly. */
export const reduceMax: Rule<ReduceAttributes> = (node, dy) => {
  const x = one(node.inputs);
  const { axes } = node.attributes;
  const keep = withOnes(x.shape, axes);
  const largest = equal(x, reshape(node, keep));
  const share = div(dy, sum(cast(largest, 'float32'), axes));
  return [where(largest, reshape(share, keep), 0)];
};
