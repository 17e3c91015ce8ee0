import test from 'ava';
import { foldConstants } from '../../../lib/compile/rewrite/fold.js';
import * as g from '../../../lib/graph/index.js';
import { expression } from '../../support/graph/expression.js';

function folded(node: g.Node): g.Node {
  return foldConstants([node])[0] as g.Node;
}

test('an expression of constants becomes one constant of the same type', (t) => {
  t.is(expression(folded(g.add(2, g.mul(3, g.constant(4))))), '14');
  const integers = folded(g.transpose(g.constant([1, 2, 3, 4, 5, 6], [2, 3], 'int64')));
  t.is(expression(integers), '[1,4,2,5,3,6]');
  t.deepEqual([integers.dtype, integers.shape], ['int64', [3, 2]]);
});

test('the constant part of an expression is folded, the rest stays', (t) => {
  t.is(expression(folded(g.mul(g.input('x', [2]), g.exp(g.sub(3, 3))))), 'mul(x, 1)');
});

test('a graph without constant expressions keeps its identity', (t) => {
  const node = g.mul(g.input('x', [2]), 3);
  t.is(folded(node), node);
});

test('results above the size limit stay operations', (t) => {
  const ofSize = (size: number) => folded(g.exp(g.constant(new Float64Array(size)))).op;
  t.is(ofSize(2 ** 16), 'constant');
  t.is(ofSize(2 ** 16 + 1), 'exp');
});

test('a broadcast constant stays a broadcast, which takes no memory', (t) => {
  t.is(expression(folded(g.broadcastTo(g.add(1, 2), [100]))), 'broadcastTo[100](3)');
});
