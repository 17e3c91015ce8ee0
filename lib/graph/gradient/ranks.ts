import { shardable as mark } from '../functions/ranks.js';
import type { NoAttributes } from '../op.js';
import type { AxisAttributes } from '../ops/shape.js';
import type { Rule } from './rule.js';

export const shardable: Rule<AxisAttributes> = ({ attributes: { axis } }, dy) => [mark(dy, axis)];

/** What follows is the same on all ranks, and each rank's term enters the sum once. */
export const allReduce: Rule<NoAttributes> = (_node, dy) => [dy];
