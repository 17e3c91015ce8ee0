import test from 'ava';
import { bilevelProblem, feed } from '../../../lib/bilevel/index.js';
import { add, mean, reduceSum, square, sub } from '../../../lib/graph/index.js';
import { evaluate } from '../../../lib/solvers/index.js';
import { divide, rowsOfPart } from '../../../lib/solvers/response/parts.js';
import { Tensor } from '../../../lib/tensor.js';
import { testDevice } from '../../support/devices.js';

const device = testDevice();
test.after.always(() => device.dispose());

const of = (...sizes: (readonly [size: number, batch: number])[]) =>
  sizes.map(([size, batch], index) => ({ name: `feed${index}`, size, batch }));

test('parts are no larger than the batch, hold every row once and differ by a row at most', (t) => {
  for (let size = 1; size < 40; size++) {
    for (let batch = 1; batch <= size; batch++) {
      const { steps, parts } = divide(of([size, batch]));
      t.deepEqual([steps], parts);
      const ranges = Array.from({ length: steps }, (_, index) => rowsOfPart(size, steps, index));
      const counts = ranges.map(([start, end]) => end - start);
      t.deepEqual(
        ranges.flatMap(([start, end]) => Array.from({ length: end - start }, (_, row) => start + row)),
        Array.from({ length: size }, (_, row) => row),
      );
      t.true(Math.max(...counts) <= batch && Math.max(...counts) - Math.min(...counts) <= 1, `${size}, ${batch}`);
      t.true(steps <= 2 * Math.ceil(size / batch));
    }
  }
});

test('equal parts are taken where they cost little, and several feeds are gone through equally often', (t) => {
  t.deepEqual(divide(of([5000, 200])), { steps: 25, parts: [25] });
  t.deepEqual(divide(of([1000, 300])), { steps: 4, parts: [4] });
  t.deepEqual(divide(of([1030, 200])), { steps: 10, parts: [10] });
  t.deepEqual(divide(of([997, 200])), { steps: 5, parts: [5] });
  t.deepEqual(divide(of([5000, 200], [1000, 100])), { steps: 25, parts: [25, 25] });
  t.deepEqual(divide(of([997, 200], [1000, 500])), { steps: 5, parts: [5, 5] });
  t.deepEqual(divide(of([12, 4], [10, 2])), { steps: 15, parts: [3, 5] });
  t.deepEqual(divide(of([12, 4], [10, 10])), { steps: 3, parts: [3, 1] });
  t.deepEqual(divide([]), { steps: 1, parts: [] });
  t.deepEqual(divide(of([12, 4]), 8), { steps: 8, parts: [4] });
  t.throws(() => divide(of([97, 1], [101, 1])), { code: 'INVALID_ARGUMENT', message: /feed0: 1 of 97 rows, feed1/ });
});

test('costs over several feeds are means over the rows of each', async (t) => {
  const rows = (count: number, factor: number) => Array.from({ length: count }, (_, row) => factor * row ** 2);
  const [a, b, c] = [rows(12, 1), rows(10, -3), rows(7, 0.5)];
  const column = (values: readonly number[]) => ({ y: Tensor.from([...values]) });
  const problem = bilevelProblem({
    upper: { x: Tensor.from([1]) },
    lower: { x: Tensor.from([2]) },
    feeds: { a: feed(column(a), { batch: 4 }), b: feed(column(b), { batch: 2 }), c: feed(column(c)) },
    f: ({ u, v, a, b, c }) => add(add(mean(a.y), mean(b.y)), add(mean(c.y), reduceSum(add(u.x, v.x)))),
    g: ({ u, v, b }) => add(mean(square(sub(b.y, v.x))), reduceSum(u.x)),
  });
  const average = (values: readonly number[]) => values.reduce((sum, each) => sum + each, 0) / values.length;
  const { f, g } = await evaluate(problem, { u: { x: Tensor.from([1]) }, v: { x: Tensor.from([2]) } }, { device });
  t.true(Math.abs(f - (average(a) + average(b) + average(c) + 3)) < 1e-3, `${f}`);
  t.true(Math.abs(g - (average(b.map((each) => (each - 2) ** 2)) + 1)) < 1e-2, `${g}`);
});
