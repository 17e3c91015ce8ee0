import test from 'ava';
import { deduplicate } from '../../../lib/compile/rewrite/deduplicate.js';
import * as g from '../../../lib/graph/index.js';

const x = g.input('x', [2, 3]);
const y = g.input('y', [2, 3]);

const equal: Record<string, () => g.Node> = {
  'one operation on one input': () => g.exp(x),
  'expressions of several operations': () => g.reduceSum(g.mul(g.exp(x), g.sub(y, 2)), [1]),
  'constants of one type with the same elements': () => g.constant([1, -0, 3]),
};

for (const [what, build] of Object.entries(equal)) {
  test(`${what}: built twice, computed once`, (t) => {
    const [a, b] = deduplicate([build(), build()]);
    t.is(a, b);
  });
}

const different: Record<string, readonly [g.Node, g.Node]> = {
  'two operations': [g.exp(x), g.sin(x)],
  'the order of operands': [g.sub(x, y), g.sub(y, x)],
  attributes: [g.reduceSum(x, [0]), g.reduceSum(x, [1])],
  'zeros of different sign': [g.constant(0), g.constant(-0)],
  'constants of different types': [g.constant([1], [1], 'int32'), g.constant([1], [1], 'int64')],
  'constants of different shapes': [g.constant([1, 2], [2, 1]), g.constant([1, 2], [1, 2])],
  'large constants, which are not compared': [g.constant(new Float64Array(4097)), g.constant(new Float64Array(4097))],
  'two inputs, even of one name': [g.input('x', [2, 3]), g.input('x', [2, 3])],
};

for (const [what, roots] of Object.entries(different)) {
  test(`${what}: told apart`, (t) => {
    const [a, b] = deduplicate(roots);
    t.is(a, roots[0]);
    t.is(b, roots[1]);
  });
}

test('users of equal values share them', (t) => {
  const [sum] = deduplicate([g.add(g.exp(x), g.exp(x))]);
  t.is(sum?.inputs[0], sum?.inputs[1]);
});
