import * as g from '../../../lib/graph/index.js';
import { bools, cases, indices, int64, type OpCase, real } from './op-case.js';

export const indexed: readonly OpCase[] = [
  ...cases('gather', (x, i) => g.gather(x, i, 0), [
    ['rows', [real([5, 3]), indices([4], 5)]],
    ['rows by int32', [real([5, 3]), indices([4], 5, 'int32')]],
    ['matrix of indices', [real([5, 3]), indices([2, 2], 5)]],
    ['one row', [real([5, 3]), indices([], 5)]],
    ['columns', [real([4, 6]), indices([3], 6)], (x, i) => g.gather(x, i, 1)],
    ['middle axis', [real([2, 5, 3]), indices([4], 5)], (x, i) => g.gather(x, i, 1)],
    ['vector', [real([5]), indices([9], 5)]],
    ['no indices', [real([5, 3]), indices([0], 5)]],
    ['int64', [int64([5, 3]), indices([4], 5)]],
    ['bool', [bools([5, 3]), indices([4], 5)]],
  ]),
  ...cases('scatterAdd', (u, i) => g.scatterAdd(u, i, { axis: 0, size: 5 }), [
    ['rows, some repeated', [real([8, 3]), indices([8], 5)]],
    ['rows by int32', [real([4, 3]), indices([4], 5, 'int32')]],
    ['matrix of indices', [real([2, 2, 3]), indices([2, 2], 5)]],
    ['one row', [real([3]), indices([], 5)]],
    ['middle axis', [real([2, 4, 3]), indices([4], 5)], (u, i) => g.scatterAdd(u, i, { axis: 1, size: 5 })],
    ['nothing', [real([0, 3]), indices([0], 5)]],
  ]),
  ...cases('gatherElements', g.gatherElements, [
    ['rows', [real([4, 6]), indices([4, 3], 6)]],
    ['by int32', [real([4, 6]), indices([4, 3], 6, 'int32')]],
    ['one each', [real([4, 6]), indices([4, 1], 6)]],
    ['vector', [real([6]), indices([9], 6)]],
    ['three axes', [real([2, 3, 4]), indices([2, 3, 2], 4)]],
    ['an axis of length 1', [real([4, 1]), indices([4, 3], 1)]],
    ['nothing', [real([4, 6]), indices([4, 0], 6)]],
    ['int64', [int64([4, 6]), indices([4, 3], 6)]],
  ]),
  ...cases('scatterAddElements', (u, i) => g.scatterAddElements(u, i, { size: 4 }), [
    ['rows, some repeated', [real([3, 7]), indices([3, 7], 4)]],
    ['by int32', [real([3, 2]), indices([3, 2], 4, 'int32')]],
    ['three axes', [real([2, 3, 2]), indices([2, 3, 2], 4)]],
    ['nothing', [real([3, 0]), indices([3, 0], 4)]],
  ]),
  ...cases('setRows', g.setRows, [
    ['rows', [real([9, 3]), indices([2], 9), real([2, 3])]],
    ['repeated rows', [real([3, 2]), indices([7], 3), real([7, 2])]],
    ['by int32', [real([5, 3]), indices([2], 5, 'int32'), real([2, 3])]],
    ['vector', [real([6]), indices([4], 6), real([4])]],
    ['planes', [real([4, 2, 3]), indices([3], 4), real([3, 2, 3])]],
    ['no rows', [real([4, 2]), indices([0], 4), real([0, 2])]],
    ['int64', [int64([5, 3]), indices([2], 5), int64([2, 3])]],
  ]),
];
