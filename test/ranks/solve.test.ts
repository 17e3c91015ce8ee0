// Every method on several ranks: the same bits on all of them, and the result of one rank to rounding.
import { join } from 'node:path';
import test from 'ava';
import { methodNames } from '../../lib/solvers/find-method.js';
import { runRanks } from '../support/mpi.js';

interface Solved {
  readonly name: string;
  readonly hashes: readonly string[];
  readonly costs: readonly number[];
  /** Bytes of sums in all iterations. */
  readonly summed: number;
  readonly tensors: readonly (readonly [name: string, elements: readonly number[]])[];
}

const child = join(import.meta.dirname, 'children', 'solve.js');
const learnStart = ['anil', 'imaml', 'maml'];
const names = [
  ...methodNames.map((name) => `${learnStart.includes(name) ? 'start' : 'regression'}/${name}`),
  ...['penalty', 'mrbo', 'pzobo'].map((name) => `cleaning/${name}`),
  ...['anil', 'maml'].map((name) => `tasks/${name}`),
  ...['rmd', 'pzobo', 'mrbo'].map((name) => `points/${name}`),
  ...['pzobo', 'hozog'].map((name) => `large/${name}`),
];

/** Bytes that an iteration has to sum up at least and at most: what is dealt of the state is put together once. */
const traffic: Readonly<Record<string, (bytes: (prefix: string) => number) => readonly [least: number, most: number]>> =
  {
    // The gradient of u besides, and costs and lengths.
    'tasks/maml': (bytes) => [bytes('v/') + bytes('u/'), bytes('v/') + bytes('u/') + 64],
    // Costs and lengths of each trial in each step.
    'points/rmd': (bytes) => [bytes('v/') + bytes('u/'), bytes('v/') + bytes('u/') + 1024],
    // Directions leave nothing but the gradient of u: of v, which all ranks compute, nothing is sent.
    'large/hozog': (bytes) => [bytes('u/'), bytes('u/') + 64],
  };

const parse = (stdout: string): Solved[] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

test('methods on two and on three ranks', async (t) => {
  const alone = await runRanks(t, 1, [child, '2', ...names]);
  if (alone === undefined) return;
  t.is(alone.status, 0, alone.stderr);
  const expected = parse(alone.stdout);
  t.deepEqual(
    expected.map(({ name }) => name),
    names,
  );
  for (const count of [2, 3]) {
    const together = await runRanks(t, count, [child, '2', ...names]);
    t.is(together?.status, 0, together?.stderr);
    for (const [index, { name, hashes, costs, summed, tensors }] of parse(together?.stdout ?? '').entries()) {
      t.is(hashes.length, count);
      t.is(new Set(hashes).size, 1, `${name}: ranks differ`);
      const bytes = (prefix: string): number =>
        tensors.reduce((sum, [key, { length }]) => sum + (key.startsWith(prefix) ? 4 * length : 0), 0);
      const [least, most] = traffic[name]?.(bytes) ?? [0, Number.POSITIVE_INFINITY];
      t.true(least <= summed / 2 && summed / 2 <= most, `${name}: ${summed / 2} bytes, not ${least} to ${most}`);
      const one = expected[index] as Solved;
      const worst = (a: readonly number[], b: readonly number[]): number =>
        Math.max(0, ...a.map((value, at) => Math.abs(value - (b[at] as number)) / (1e-2 + Math.abs(b[at] as number))));
      t.true(worst(costs, one.costs) < 5e-5, `${name}, costs: ${costs} instead of ${one.costs}`);
      for (const [at, [key, elements]] of tensors.entries()) {
        const error = worst(elements, one.tensors[at]?.[1] ?? []);
        t.true(error < 5e-4, `${name}, ${key}: ${error}`);
      }
    }
  }
});
