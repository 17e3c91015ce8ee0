import * as f from '../functions/ranks.js';
import type { NoAttributes } from '../op.js';
import { one } from '../ops/infer.js';
import type { AxisAttributes } from '../ops/shape.js';
import type { Rule } from './rule.js';

export const shardable: Rule<AxisAttributes> = ({ attributes: { axis } }, operands) =>
  f.shardable(one(operands).node, axis + 1);

export const allReduce: Rule<NoAttributes> = (_node, operands) => f.allReduce(one(operands).node);
