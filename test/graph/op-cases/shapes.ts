import * as g from '../../../lib/graph/index.js';
import { bools, cases, int32, int64, type OpCase, real } from './op-case.js';

export const shapes: readonly OpCase[] = [
  ...cases('input', (x) => x, [
    ['float32', [real([2, 3])]],
    ['int64', [int64([2])]],
    ['bool', [bools([2])]],
  ]),
  ...cases('constant', () => g.constant([1.5, -2, 3], [3]), [
    ['vector', []],
    ['scalar', [], () => g.constant(0.25)],
    ['int32', [], () => g.constant([1, 2], [2, 1], 'int32')],
    ['int64', [], () => g.constant([1n, -2n], [2], 'int64')],
    ['bool', [], () => g.constant([true, false], [2], 'bool')],
    ['empty', [], () => g.constant([], [0, 4])],
  ]),
  ...cases('reshape', (x) => g.reshape(x, [6, 4]), [
    ['regroup', [real([2, 3, 4])]],
    ['to scalar', [real([1, 1])], (x) => g.reshape(x, [])],
    ['empty', [real([0, 3])], (x) => g.reshape(x, [7, 0])],
    ['int64', [int64([24])]],
  ]),
  ...cases('transpose', (x) => g.transpose(x), [
    ['matrix', [real([5, 7])]],
    ['cycle', [real([2, 3, 4])], (x) => g.transpose(x, [2, 0, 1])],
    ['batched', [real([2, 3, 4, 5])], (x) => g.transpose(x, [0, 2, 1, 3])],
    ['with ones', [real([1, 4, 1])]],
    ['empty', [real([0, 3])]],
    ['int32', [int32([3, 4])]],
  ]),
  ...cases('broadcastTo', (x) => g.broadcastTo(x, [2, 3, 4]), [
    ['scalar', [real([])]],
    ['row', [real([4])]],
    ['column', [real([3, 1])]],
    ['outer', [real([2, 1, 1])]],
    ['to nothing', [real([3, 1])], (x) => g.broadcastTo(x, [3, 0])],
    ['bool', [bools([3, 1])]],
  ]),
  ...cases('slice', (x) => g.slice(x, { starts: [1, 0], limits: [4, 3] }), [
    ['block', [real([5, 6])]],
    ['strided', [real([7, 9])], (x) => g.slice(x, { starts: [1, 2], limits: [7, 9], strides: [2, 3] })],
    ['stride beyond the end', [real([5])], (x) => g.slice(x, { starts: [3], limits: [5], strides: [9] })],
    ['nothing', [real([5])], (x) => g.slice(x, { starts: [2], limits: [2] })],
    ['nothing of nothing', [real([0])], (x) => g.slice(x, { starts: [0], limits: [0] })],
    ['three axes', [real([2, 3, 4])], (x) => g.slice(x, { starts: [0, 1, 0], limits: [2, 2, 4], strides: [1, 1, 3] })],
    ['int64', [int64([5, 6])]],
  ]),
  ...cases('pad', (x) => g.pad(x, { low: [1, 0], high: [0, 2] }), [
    ['around', [real([3, 4])]],
    ['interior', [real([3, 4])], (x) => g.pad(x, { low: [0, 1], high: [2, 0], interior: [1, 2] })],
    ['interior of one', [real([1])], (x) => g.pad(x, { low: [1], high: [1], interior: [3] })],
    ['nothing', [real([0, 2])]],
    ['int32', [int32([3, 4])]],
  ]),
  ...cases('concat', (...xs) => g.concat(xs, 1), [
    ['two', [real([2, 3]), real([2, 4])]],
    ['three, one empty', [real([2, 3, 2]), real([2, 0, 2]), real([2, 1, 2])]],
    ['rows', [real([2, 3]), real([1, 3])], (...xs) => g.concat(xs, 0)],
    ['last axis', [real([2, 3, 1]), real([2, 3, 2])], (...xs) => g.concat(xs, -1)],
    ['bool', [bools([2, 3]), bools([2, 4])]],
  ]),
];
