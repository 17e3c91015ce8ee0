// Ranks with a GPU each, or the fake one: sums by way of the host's memory.
import { join } from 'node:path';
import test from 'ava';
import { runRanks } from '../support/mpi.js';

const child = join(import.meta.dirname, 'children', 'solve.js');

interface Solved {
  readonly hashes: readonly string[];
  readonly costs: readonly number[];
  readonly tensors: readonly (readonly [name: string, elements: readonly number[]])[];
}

test('a method on two ranks with a CUDA device each', async (t) => {
  if (process.env.BILEVEL_TEST_DEVICE !== 'cuda') {
    t.log('skipped: BILEVEL_TEST_DEVICE is not cuda');
    t.pass();
    return;
  }
  const words = [child, '2', 'regression/penalty'];
  const alone = await runRanks(t, 1, words, { BILEVEL_TEST_DEVICE: 'cpu' });
  if (alone === undefined) return;
  const together = await runRanks(t, 2, words);
  t.is(together?.status, 0, together?.stderr);
  const [expected, { hashes, costs, tensors }] = [alone, together].map((ended) => JSON.parse(ended?.stdout ?? '')) as [
    Solved,
    Solved,
  ];
  t.is(hashes.length, 2);
  t.is(new Set(hashes).size, 1);
  const close = (a: readonly number[], b: readonly number[]): boolean =>
    a.length === b.length &&
    a.every((value, at) => Math.abs(value - (b[at] as number)) < 5e-4 * (0.01 + Math.abs(value)));
  t.true(close(costs, expected.costs), `${costs} instead of ${expected.costs}`);
  for (const [at, [name, elements]] of tensors.entries())
    t.true(close(elements, expected.tensors[at]?.[1] ?? []), name);
});
