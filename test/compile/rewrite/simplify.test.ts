import test from 'ava';
import { simplify } from '../../../lib/compile/rewrite/simplify.js';
import * as g from '../../../lib/graph/index.js';
import { expression } from '../../support/graph/expression.js';

const scalar = g.input('scalar', []);
const row = g.input('row', [3]);
const x = g.input('x', [2, 3]);
const stack = g.input('stack', [2, 3, 4]);
const thin = g.input('thin', [2, 1, 3]);
const m3 = g.input('m3', [2, 3]);
const m4 = g.input('m4', [2, 4]);
const left = g.input('left', [5, 2, 3]);
const right = g.input('right', [5, 3, 4]);

function simplified(node: g.Node): g.Node {
  return simplify([node])[0] as g.Node;
}

/** For every rule expressions that it shortens, and what is left of them. */
const rules: Record<string, readonly (readonly [g.Node, string])[]> = {
  'gradients are taken already, so nothing need stop them': [[g.stopGradient(x), 'x']],
  'operations that change nothing are dropped': [
    [g.createNode('reshape', [x], { shape: [2, 3] }), 'x'],
    [g.createNode('broadcastTo', [x], { shape: [2, 3] }), 'x'],
    [g.slice(x, { starts: [0, 0], limits: [2, 3] }), 'x'],
    [g.pad(x, { low: [0, 0], high: [0, 0] }), 'x'],
    [g.createNode('cast', [x], { dtype: 'float32' }), 'x'],
    [g.createNode('concat', [x], { axis: 0 }), 'x'],
    [g.createNode('reduceSum', [x], { axes: [] }), 'x'],
    [g.createNode('reduceMax', [x], { axes: [] }), 'x'],
    [g.createNode('transpose', [x], { permutation: [0, 1] }), 'x'],
  ],
  'two shape operations become one': [
    [g.reshape(g.reshape(x, [6]), [3, 2]), 'reshape[3,2](x)'],
    [g.broadcastTo(g.broadcastTo(row, [2, 3]), [4, 2, 3]), 'broadcastTo[4,2,3](row)'],
    [g.transpose(g.transpose(stack, [1, 2, 0]), [1, 2, 0]), 'transpose[2,0,1](stack)'],
    [g.transpose(g.transpose(stack, [1, 2, 0]), [2, 0, 1]), 'stack'],
  ],
  'a transpose that moves only axes of size 1 is a reshape': [
    [g.transpose(thin, [1, 0, 2]), 'reshape[1,2,3](thin)'],
    [g.transpose(thin, [0, 2, 1]), 'reshape[2,3,1](thin)'],
  ],
  'a constant of equal elements is a broadcast scalar': [[g.constant([3, 3, 3]), 'broadcastTo[3](3)']],
  'neutral operands are dropped': [
    [g.add(x, 0), 'x'],
    [g.add(0, x), 'x'],
    [g.add(x, g.zeros([2, 3])), 'x'],
    [g.sub(x, 0), 'x'],
    [g.mul(x, 1), 'x'],
    [g.mul(g.constant([1, 1, 1]), x), 'x'],
    [g.div(x, 1), 'x'],
    [g.pow(x, 1), 'x'],
  ],
  signs: [
    [g.mul(x, -1), 'neg(x)'],
    [g.mul(-1, x), 'neg(x)'],
    [g.neg(g.neg(x)), 'x'],
  ],
  'operands broadcast by themselves': [
    [g.add(x, g.broadcastTo(row, [2, 3])), 'add(x, row)'],
    [g.mul(g.broadcastTo(scalar, [2, 3]), x), 'mul(scalar, x)'],
  ],
  'elementwise operations are done before broadcasting': [
    [g.exp(g.broadcastTo(row, [2, 3])), 'broadcastTo[2,3](exp(row))'],
    [g.mul(g.broadcastTo(scalar, [2, 3]), g.broadcastTo(row, [2, 3])), 'broadcastTo[2,3](mul(scalar, row))'],
  ],
  reductions: [
    [g.reduceSum(g.reduceSum(stack, [1]), [1]), 'reduceSum[1,2](stack)'],
    [g.reduceMax(g.reduceMax(stack, [0]), [1]), 'reduceMax[0,2](stack)'],
    [g.reduceSum(thin, [1]), 'reshape[2,3](thin)'],
    [g.reduceMax(thin, [1]), 'reshape[2,3](thin)'],
  ],
  'a sum of a broadcast is a product': [
    [g.reduceSum(g.broadcastTo(row, [2, 3]), [0]), 'mul(row, 2)'],
    [g.reduceSum(g.broadcastTo(scalar, [2, 3])), 'mul(scalar, 6)'],
    [g.reduceSum(g.broadcastTo(row, [5, 2, 3]), [0]), 'broadcastTo[2,3](mul(reshape[1,3](row), 5))'],
  ],
  'a transpose of a matrix operand is a flag of the product': [
    [g.matmul(g.transpose(m4), m3), 'matmul[true][false](m4, m3)'],
    [g.matmul(m4, g.transpose(m3), { transposeA: true, transposeB: true }), 'matmul[true][false](m4, m3)'],
    [g.matmul(g.transpose(right, [0, 2, 1]), g.transpose(left, [0, 2, 1])), 'matmul[true][true](right, left)'],
  ],
};

for (const [what, cases] of Object.entries(rules)) {
  for (const [node, expected] of cases) {
    test(`${what}: ${expression(node)}`, (t) => {
      const result = simplified(node);
      t.is(expression(result), expected);
      t.deepEqual([result.dtype, result.shape], [node.dtype, node.shape]);
    });
  }
}

/** Expressions that look like those above and mean something else. */
const kept: Record<string, g.Node> = {
  'x * 0 is not 0 for NaN and infinity': g.mul(x, 0),
  '0 - x is not x': g.sub(0, x),
  '1 / x is not x': g.div(1, x),
  'pow(1, x) is not x': g.pow(1, x),
  '0 and -0 are not equal': g.constant([0, -0]),
  'a maximum of sums': g.reduceMax(g.reduceSum(stack, [1]), [1]),
  'a sum over an axis that is not broadcast': g.reduceSum(g.broadcastTo(row, [2, 3]), [1]),
  'a maximum of a broadcast': g.reduceMax(g.broadcastTo(row, [2, 3]), [0]),
  'a transpose of real axes': g.transpose(thin, [2, 1, 0]),
  'a transpose of other axes than the last two': g.matmul(g.transpose(left, [1, 0, 2]), g.input('w', [2, 3, 4])),
  'a reshape of a transpose': g.reshape(g.transpose(x), [6]),
  'a cast to another type': g.cast(x, 'int32'),
};

for (const [what, node] of Object.entries(kept)) {
  test(`left alone: ${what}`, (t) => {
    t.is(simplified(node), node);
  });
}

test('an operand that broadcasts the other one is not neutral: the shape stays', (t) => {
  for (const node of [
    g.add(row, g.zeros([2, 3])),
    g.mul(g.broadcastTo(1, [2, 3]), scalar),
    g.div(row, g.constant(Array(6).fill(1), [2, 3])),
  ]) {
    t.deepEqual(simplified(node).shape, [2, 3], expression(node));
  }
});
