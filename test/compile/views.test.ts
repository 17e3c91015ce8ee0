import test from 'ava';
import { planViews } from '../../lib/compile/views.js';
import * as g from '../../lib/graph/index.js';

const x = g.input('x', [2, 3, 4]);
const matrix = g.input('matrix', [6, 4]);

/** Views of x: where element [0, 0, ...] of the value lies in x and how far apart its elements are. */
const views: Record<string, readonly [value: g.Node, offset: number, strides: readonly number[]]> = {
  'a transpose': [g.transpose(x, [2, 0, 1]), 0, [1, 12, 4]],
  'a slice': [g.slice(x, { starts: [1, 0, 1], limits: [2, 3, 4], strides: [1, 2, 2] }), 13, [12, 8, 2]],
  'a slice of a slice': [
    g.slice(g.slice(x, { starts: [1, 1, 0], limits: [2, 3, 4] }), { starts: [0, 1, 2], limits: [1, 2, 4] }),
    22,
    [12, 4, 1],
  ],
  'a broadcast': [g.broadcastTo(g.reshape(x, [2, 3, 1, 4]), [2, 3, 5, 4]), 0, [12, 4, 0, 1]],
  'a reshape of dense elements': [g.reshape(x, [4, 6]), 0, [6, 1]],
  'a reshape that joins axes which lie evenly': [g.reshape(g.transpose(x, [1, 2, 0]), [12, 2]), 0, [1, 12]],
  'a reshape that splits a strided axis': [g.reshape(g.transpose(g.reshape(x, [6, 4])), [2, 2, 6]), 0, [2, 1, 4]],
  'a stopped gradient': [g.stopGradient(x), 0, [12, 4, 1]],
};

for (const [what, [value, offset, strides]] of Object.entries(views)) {
  test(`${what} shares the memory of its operand`, (t) => {
    const plan = planViews(g.topologicalOrder([value]));
    t.like(plan.viewOf(value), { base: x, offset, shape: value.shape, strides });
    t.is(plan.copies.size, 0);
  });
}

test('a reshape across a stride copies', (t) => {
  const transposed = g.transpose(matrix);
  const flat = g.reshape(transposed, [24]);
  const plan = planViews(g.topologicalOrder([flat]));
  t.deepEqual([...plan.copies.keys()], [flat]);
  t.like(plan.copies.get(flat), { base: matrix, shape: [4, 6], strides: [1, 4] });
  t.like(plan.viewOf(flat), { base: flat, offset: 0, strides: [1] });
});

const columns = g.slice(matrix, { starts: [0, 1], limits: [6, 3] });
const rows = g.slice(matrix, { starts: [2, 0], limits: [5, 4] });
const firstRows = g.slice(matrix, { starts: [0, 0], limits: [2, 4] });
const picked = g.constant([0, 1], [2], 'int32');

/** Users of a slice, and whether they need it in memory of its own. */
const users: Record<string, readonly [user: g.Node, slice: g.Node, copied: boolean]> = {
  'a product of columns': [g.matmul(columns, g.input('w', [2, 2])), columns, true],
  'a product of rows, which lie together': [g.matmul(rows, g.input('w', [4, 2])), rows, false],
  'a lookup of rows, which has no offset': [g.gather(rows, picked), rows, true],
  'a lookup of the first rows, which are a part': [g.gather(firstRows, picked), firstRows, true],
  'a lookup of columns': [g.gather(columns, picked), columns, true],
  'a sum of columns': [g.reduceSum(columns, [0]), columns, false],
  'an elementwise operation on columns': [g.exp(columns), columns, false],
  'a concatenation of columns': [g.concat([columns, columns], 1), columns, false],
  'padded columns': [g.pad(columns, { low: [1, 1], high: [0, 0] }), columns, false],
};

for (const [what, [user, slice, copied]] of Object.entries(users)) {
  test(`${what}: ${copied ? 'reads a dense copy' : 'reads the view'}`, (t) => {
    const plan = planViews(g.topologicalOrder([user]));
    t.deepEqual([...plan.copies.keys()], copied ? [slice] : []);
    t.is(plan.viewOf(slice).base, copied ? slice : matrix);
  });
}
