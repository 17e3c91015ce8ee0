import test from 'ava';
import * as g from '../../../lib/graph/index.js';
import { partitioned } from '../../support/compile/passes.js';

const x = g.input('x', [64, 8]);
const y = g.input('y', [64, 8]);
const weights = g.input('weights', [8, 8]);

/** What every pass computes, and the values that it reads from memory, by name or operation. */
function passes(roots: readonly g.Node[], isInvariant?: (node: g.Node) => boolean): string[] {
  return [...new Set(partitioned(roots, { fuse: true }, isInvariant).values())]
    .map(({ members, outputs }) => {
      const sorted = [...members].sort((a, b) => a.id - b.id);
      const read = new Set(sorted.flatMap(({ inputs }) => inputs.filter((input) => !members.has(input))));
      const names = [...read].map((node) => (g.isOp(node, 'input') ? node.attributes.name : node.op));
      const operations = sorted.map((node) => `${node.op}${outputs.has(node) ? '!' : ''}`);
      return `${operations.join(' ')} of ${names.sort().join(' ')}`;
    })
    .sort();
}

test('what is quickly made of one value is computed by each user, and not stored', (t) => {
  const sums = (value: g.Node) => [g.reduceSum(value, [0]), g.reduceSum(value, [1])];
  t.deepEqual(passes(sums(g.relu(x))), ['relu reduceSum! of x', 'relu reduceSum! of x']);
  t.deepEqual(passes(sums(g.exp(x))), ['exp! of x', 'reduceSum! of exp', 'reduceSum! of exp']);
  t.deepEqual(passes([g.relu(x)]), ['relu! of x']);
});

test('centered values are computed again for their variance and their use', (t) => {
  const mean = g.mul(g.reduceSum(x, [0]), 1 / 64);
  const centered = g.sub(x, mean);
  const variance = g.reduceSum(g.mul(centered, centered), [0]);
  t.deepEqual(passes([g.mul(centered, variance)]), [
    'mul! of constant reduceSum',
    'reduceSum! of x',
    'sub mul reduceSum! of mul x',
    'sub mul! of mul reduceSum x',
  ]);
});

test('a chain is computed again as a whole, with what other passes do not store either', (t) => {
  const masked = g.where(g.greater(x, 0), y, 0);
  const total = g.reduceSum(g.mul(masked, x), [0]);
  t.deepEqual(passes([g.add(masked, g.mul(x, total))]), [
    'greater where mul add! of constant constant reduceSum x y',
    'greater where mul reduceSum! of constant constant x y',
  ]);
});

test('a value that must be stored is still computed by a pass that reads its origin', (t) => {
  const hidden = g.relu(x);
  const product = g.matmul(hidden, weights);
  t.deepEqual(passes([g.add(g.mul(hidden, product), x)]), ['relu mul add! of matmul x', 'relu! of x']);
  // Here reading it is no more than reading where it came from.
  t.deepEqual(passes([g.mul(hidden, product)]), ['mul! of matmul relu', 'relu! of x']);
});

test('a value of two origins is stored when its users would read more without it', (t) => {
  const sum = g.add(x, y);
  const users = [[0], [1], [0, 1]].map((axes) => g.reduceSum(sum, axes));
  t.deepEqual(passes(users), ['add! of x y', ...users.map(() => 'reduceSum! of add')]);
  t.deepEqual(passes(users.slice(0, 1)), ['add reduceSum! of x y']);
});

test('work that is done once is not done again in every step', (t) => {
  const once = g.relu(x);
  const isInvariant = (node: g.Node) => node === once || node === x;
  t.deepEqual(passes([g.mul(once, y)], isInvariant), ['mul! of relu y', 'relu! of x']);
  t.deepEqual(passes([g.add(g.mul(once, y), x)], isInvariant), ['mul add! of relu x y', 'relu! of x']);
});
