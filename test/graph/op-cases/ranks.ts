import { allReduce, shardable } from '../../../lib/graph/index.js';
import { cases, int32, type OpCase, real } from './op-case.js';

export const ranks: readonly OpCase[] = [
  ...cases('shardable', (x) => shardable(x), [
    ['vector', [real([5])]],
    ['matrix', [real([3, 4])], (x) => shardable(x, 1)],
    ['integers', [int32([3, 2])]],
  ]),
  ...cases('allReduce', allReduce, [
    ['scalar', [real([])]],
    ['matrix', [real([3, 4])]],
    ['nothing', [real([0, 4])]],
  ]),
];
