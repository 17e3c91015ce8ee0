import * as g from '../../../lib/graph/index.js';
import { builders, cases, grid, type OpCase, real } from './op-case.js';

export const reductions: readonly OpCase[] = [
  ...(['reduceSum', 'reduceMax'] as const).flatMap((op) =>
    cases(op, (x) => builders[op](x), [
      ['all', [real([3, 4])]],
      ['scalar', [real([])], (x) => g.createNode(op, [x], { axes: [] })],
      ['last axis', [real([5, 7])], (x) => builders[op](x, [-1])],
      ['first axis', [real([5, 7])], (x) => builders[op](x, [0])],
      ['middle axis', [real([3, 4, 5])], (x) => builders[op](x, [1])],
      ['outer axes', [real([3, 4, 5])], (x) => builders[op](x, [0, 2])],
      ['axis of one', [real([3, 1])], (x) => builders[op](x, [1])],
      ['nothing left', [real([3, 0])], (x) => builders[op](x, [0])],
      ['over nothing', [real([3, 0])], (x) => builders[op](x, [1])],
    ]),
  ),
  ...cases('argMax', (x) => g.argMax(x, -1), [
    ['last axis', [real([4, 6])]],
    ['ties', [grid([8, 9])]],
    ['first axis', [real([4, 6])], (x) => g.argMax(x, 0)],
    ['middle axis', [grid([3, 5, 2])], (x) => g.argMax(x, 1)],
    ['vector', [real([5])]],
    ['no rows', [real([0, 3])]],
  ]),
];
