import test from 'ava';
import { workOnPicked } from '../../../lib/compile/rewrite/picks.js';
import * as g from '../../../lib/graph/index.js';
import { expression } from '../../support/graph/expression.js';

const x = g.input('x', [2, 3, 2, 2]);
const y = g.input('y', [2, 3, 2, 2]);
const scale = g.input('scale', [3, 1, 1]);
const place = g.input('place', [2, 2]);
const indices = g.input('indices', [2, 3, 2], 'int32');
const others = g.input('others', [2, 3, 2], 'int32');
const updates = g.input('updates', [2, 3, 2]);

const pick = (node: g.Node, from = indices) => g.gatherElements(g.reshape(node, [2, 3, 4]), from);
const put = (node: g.Node, at = indices) => g.reshape(g.scatterAddElements(node, at, { size: 4 }), [2, 3, 2, 2]);
const pickedX = 'gatherElements(reshape[2,3,4](x), indices)';
const maskedX = 'where(greater(x, 0), reshape[2,3,2,2](scatterAddElements[4](updates, indices)), 0)';

/** What becomes of the first of several values. */
function worked(...roots: g.Node[]): string {
  return expression(workOnPicked(roots)[0] as g.Node);
}

const relu = g.relu(x);

/** Values, with others that exist, and what they become. */
const moved: Record<string, readonly g.Node[]> = {
  [`relu(${pickedX})`]: [pick(relu), pick(x)],
  [`mul(${pickedX}, reshape[3,1](scale))`]: [pick(g.mul(x, scale)), pick(x)],
  [`add(${pickedX}, gatherElements(reshape[2,3,4](y), indices))`]: [pick(g.add(x, y)), pick(x), pick(y)],
  'greater(gatherElements(reshape[2,3,4](relu(x)), indices), 0)': [pick(g.greater(relu, 0)), pick(relu)],
  [`reshape[2,3,2,2](scatterAddElements[4](where(greater(${pickedX}, 0), updates, 0), indices))`]: [
    g.where(g.greater(x, 0), put(updates), 0),
    pick(x),
  ],
};

for (const [expected, roots] of Object.entries(moved)) {
  test(`elements that are picked anyway: ${expected}`, (t) => {
    t.is(worked(...roots), expected);
    t.deepEqual(workOnPicked(roots)[0]?.shape, roots[0]?.shape);
  });
}

/** Values that stay, with others that exist. */
const kept: Record<string, readonly g.Node[]> = {
  'the elements are not picked': [pick(relu)],
  'one of two operands is not picked': [pick(g.add(x, y)), pick(x)],
  'they are picked by other indices': [pick(relu), pick(x, others)],
  'a factor that varies within the plane': [pick(g.mul(x, place)), pick(x)],
  [`the mask is not picked: ${maskedX}`]: [g.where(g.greater(x, 0), put(updates), 0)],
  'the mask is picked by other indices': [g.where(g.greater(x, 0), put(updates), 0), pick(x, others)],
  'what is not put back stays as it is, not zero': [g.where(g.greater(x, 0), put(updates), y), pick(x)],
  'a mask of places within the plane': [g.where(g.greater(place, 0), put(updates), 0), pick(x)],
};

for (const [what, roots] of Object.entries(kept)) {
  test(`left alone: ${what}`, (t) => {
    t.deepEqual(workOnPicked(roots), roots);
  });
}

test('values are the same to the bit, not-a-numbers, infinities and repeated indices among them', (t) => {
  const special = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, 0, 2];
  const fill = (size: number, shift: number) =>
    Float64Array.from({ length: size }, (_, index) => special[(index * 5 + shift) % special.length] as number);
  const feeds = new Map([
    [x, fill(24, 0)],
    [y, fill(24, 2)],
    [scale, fill(3, 3)],
    [updates, fill(12, 1)],
    [indices, Float64Array.from({ length: 12 }, (_, index) => (index * index) % 4)],
  ]);
  for (const roots of Object.values(moved)) {
    t.deepEqual(g.evaluate(workOnPicked(roots), feeds), g.evaluate(roots, feeds));
  }
  t.deepEqual(
    feeds.get(indices)?.slice(0, 4),
    Float64Array.of(0, 1, 0, 1),
    'the indices of the first planes are repeated',
  );
});
