import test from 'ava';
import { Random } from '../../lib/data/random.js';
import { BilevelError } from '../../lib/errors.js';
import * as g from '../../lib/graph/index.js';

test('windows that cover no element are refused, and no others', (t) => {
  const random = Random.fromSeed(5, 'pool windows');
  const counts = { refused: 0, accepted: 0 };
  for (let round = 0; round < 3000; round++) {
    const [size, kernel, stride, dilation] = [
      random.integer(6),
      1 + random.integer(4),
      1 + random.integer(4),
      1 + random.integer(5),
    ];
    const [low, high, count] = [random.integer(12), random.integer(6), random.integer(8)];
    const starts = Array.from({ length: count }, (_, window) => window * stride - low);
    const covers = (start: number): boolean =>
      [...Array(kernel).keys()]
        .map((tap) => start + tap * dilation)
        .some((position) => position >= 0 && position < size);
    const build = () =>
      g.maxPool(g.input('x', [1, 1, size]), {
        kernel: [kernel],
        strides: [stride],
        dilations: [dilation],
        padding: [[low, high]],
        outputSize: [count],
      });
    if (starts.every(covers)) {
      t.deepEqual(build().shape, [1, 1, count]);
      counts.accepted++;
    } else {
      t.throws(build, { instanceOf: BilevelError, code: 'SHAPE_MISMATCH' });
      counts.refused++;
    }
  }
  t.true(counts.refused > 500 && counts.accepted > 500, JSON.stringify(counts));
});

test('a pool of more cells than memory holds is stated at once', (t) => {
  const [cells, far] = [2 ** 40, [[2 ** 39, 2 ** 39]] as const];
  const x = g.input('x', [1, 1, 2 ** 40]);
  t.deepEqual(g.averagePool(x, { kernel: [cells], padding: far }).shape, [1, 1, cells + 1]);
  t.deepEqual(g.maxPoolIndices(x, { kernel: [2], dilations: [2 ** 20], padding: [[2 ** 20, 0]] }).shape, [1, 1, cells]);
});
