import test from 'ava';
import { compile } from '../../../lib/compile/index.js';
import { simplify } from '../../../lib/compile/rewrite/simplify.js';
import { splitSums } from '../../../lib/compile/rewrite/sums.js';
import { Random } from '../../../lib/data/random.js';
import * as g from '../../../lib/graph/index.js';
import { elementCount } from '../../../lib/tensor.js';
import { testDevice } from '../../support/devices.js';
import { runNative, worstError } from '../../support/engine/run-native.js';
import { expression } from '../../support/graph/expression.js';

const x = g.input('x', [2, 3]);
const y = g.input('y', [2, 3]);
const row = g.input('row', [3]);
const column = g.input('column', [2, 1]);
const sum = (node: g.Node) => g.reduceSum(node, [0]);

/** What becomes of the first of several sums. */
function split(...roots: g.Node[]): string {
  return expression(splitSums(roots)[0] as g.Node);
}

const known = [sum(x), sum(y)] as const;

/** Sums of combinations of x and y, and what they are once sum(x) and sum(y) are known. */
const combinations: Record<string, g.Node> = {
  'neg(reduceSum[0](x))': g.neg(x),
  'add(reduceSum[0](x), reduceSum[0](y))': g.add(x, y),
  'sub(reduceSum[0](x), reduceSum[0](y))': g.sub(x, y),
  'mul(reduceSum[0](x), row)': g.mul(x, row),
  'mul(row, reduceSum[0](x))': g.mul(row, x),
  'div(reduceSum[0](x), row)': g.div(x, row),
  'add(reduceSum[0](x), mul(row, 2))': g.add(x, row),
  'add(mul(reduceSum[0](x), row), mul(reduceSum[0](y), 3))': g.add(g.mul(x, row), g.mul(y, 3)),
};

for (const [expected, combination] of Object.entries(combinations)) {
  test(`a sum is put together of sums that exist: ${expected}`, (t) => {
    t.is(split(sum(combination), ...known), expected);
    t.deepEqual(splitSums([sum(combination), ...known])[0]?.shape, [3]);
  });
}

test('a sum over all axes of a scaled broadcast has the shape of a scalar', (t) => {
  const scale = g.input('scale', []);
  t.is(split(g.reduceSum(g.mul(x, scale)), g.reduceSum(x)), 'mul(reduceSum[0,1](x), scale)');
});

test('a part that another sum multiplies is summed in its pass', (t) => {
  t.is(split(sum(g.mul(x, row)), sum(g.mul(x, y))), 'mul(reduceSum[0](x), row)');
  const centered = g.sub(x, row);
  t.is(split(sum(g.mul(centered, 3)), sum(g.mul(centered, centered))), 'mul(reduceSum[0](sub(x, row)), 3)');
});

const both = g.add(x, y);

/** Sums that stay, with the others that there are. */
const kept: Record<string, readonly g.Node[]> = {
  'no sum of a part is known': [sum(g.add(x, y))],
  'one part would need a pass': [sum(g.add(x, y)), sum(x)],
  'other axes': [sum(g.add(x, y)), g.reduceSum(x, [1]), g.reduceSum(y, [1])],
  'a factor that varies along the axis': [sum(g.mul(x, column)), sum(x)],
  'a product': [sum(g.mul(x, y)), ...known],
  'a quotient by what varies': [sum(g.div(x, y)), ...known],
  'a quotient of what varies not': [sum(g.div(row, x)), ...known],
  'a maximum': [g.reduceMax(g.add(x, y), [0]), ...known],
  'a pass of products reads the combination anyway': [sum(both), ...known, sum(g.mul(both, x))],
};

for (const [what, roots] of Object.entries(kept)) {
  test(`left alone: ${what}`, (t) => {
    t.deepEqual(splitSums(roots), roots);
  });
}

test('sums of squares about a mean stay sums of squares', (t) => {
  const centered = g.sub(x, g.mean(x, [0]));
  const roots = [sum(g.mul(centered, centered)), sum(x)];
  t.deepEqual(splitSums(roots), roots);
});

test('a sum within a combination is split as well', (t) => {
  const inner = sum(g.add(x, y));
  const outer = sum(g.mul(g.sub(x, inner), 2));
  t.is(split(outer, ...known), 'mul(sub(reduceSum[0](x), mul(add(reduceSum[0](x), reduceSum[0](y)), 2)), 2)');
});

/** Gradients of the loss of a convolution with batch normalization, and of the loss with their squares. */
function normalized(size: number) {
  const images = g.input('images', [size, 2, 6, 6]);
  const parameters = [g.input('k1', [4, 2, 3, 3]), g.input('s1', [4]), g.input('b1', [4])] as const;
  const [kernel, scale, shift] = parameters;
  const { output } = g.batchNormTrain(g.conv(images, kernel), scale, shift);
  const loss = g.mean(g.square(g.tanh(output)));
  const gradients = g.gradient(loss, [...parameters]);
  const penalty = g.add(loss, g.sumOfSquares(gradients));
  const second = g.gradient(penalty, [...parameters]);
  return { images, parameters, first: gradients, second, full: [size, 4, 4, 4] };
}

/** The passes that walk through the whole of a normalized tensor. */
function fullPasses(outputs: readonly g.Node[], full: readonly number[]): number {
  const named = Object.fromEntries(outputs.map((node, index) => [`y${index}`, node]));
  const count = full.reduce((product, size) => product * size, 1);
  return compile({ outputs: named }).cost.instructions.filter(({ opcode, detail }) => {
    const sizes = /^\[([\d,]*)\]/.exec(detail)?.[1]?.split(',').map(Number) ?? [];
    return opcode === 'fused' && sizes.reduce((product, size) => product * size, 1) === count;
  }).length;
}

test('batch normalization: five passes to the first derivatives, ten to the second', (t) => {
  const { first, second, full } = normalized(256);
  t.is(fullPasses(first, full), 5);
  t.is(fullPasses(second, full), 10);
});

test('simplified graphs are not simplified further', (t) => {
  const { second } = normalized(8);
  const once = simplify(simplify(simplify(simplify(second))));
  t.deepEqual(simplify(once), once);
});

const device = testDevice();

for (const mean of [0, 10, 1000]) {
  test(`splitting sums costs no accuracy where the deviation is 1 and the mean ${mean}`, async (t) => {
    const { images, parameters, first, second } = normalized(8);
    const random = Random.fromSeed(3, 'normalized');
    const draw = ({ shape }: g.Node, center: number): Float64Array =>
      Float64Array.from({ length: elementCount(shape) }, () => Math.fround(center + random.normal()));
    const feeds = new Map([[images, draw(images, mean)], ...parameters.map((node) => [node, draw(node, 0)] as const)]);
    const expected = g.evaluate([...first, ...second], feeds);
    const outputs = Object.fromEntries([...first, ...second].map((node, index) => [`y${index}`, node]));
    const [split, whole] = await Promise.all([
      runNative(device, { outputs }, feeds),
      runNative(device, { outputs }, feeds, { simplify: false }),
    ]);
    for (const [index, want] of expected.entries()) {
      const [error, reference] = [split, whole].map((results) =>
        worstError(results.get(`y${index}`) as Float64Array, want),
      ) as [number, number];
      t.true(error <= 4 * reference + 2e-6, `y${index}: ${error}, without ${reference}`);
    }
  });
}
