import test, { type ExecutionContext } from 'ava';
import { BilevelError } from '../../lib/errors.js';
import * as g from '../../lib/graph/index.js';
import { compareGradient } from '../support/graph/differences.js';

function values(node: g.Node | undefined, ...feeds: readonly (readonly [g.Node, readonly number[]])[]): number[] {
  if (node === undefined) throw new Error('there is no such node');
  return [...(g.evaluate([node], new Map(feeds.map(([x, list]) => [x, Float64Array.from(list)])))[0] ?? [])];
}

function close(t: ExecutionContext, actual: readonly number[], expected: readonly number[]): void {
  t.is(actual.length, expected.length);
  actual.forEach((value, index) => {
    t.true(Math.abs(value - Number(expected[index])) < 1e-12, `${actual} is not ${expected}`);
  });
}

test('a polynomial has all its derivatives', (t) => {
  const x = g.input('x', []);
  let y = g.pow(x, 4);
  const expected = [16, 32, 48, 48, 24, 0];
  for (const value of expected) {
    close(t, values(y, [x, [2]]), [value]);
    y = g.gradient(y, [x])[0] ?? y;
  }
});

test('the fifth derivative of tanh', (t) => {
  const x = g.input('x', []);
  let y = g.tanh(x);
  for (let order = 0; order < 4; order++) y = g.gradient(y, [x])[0] ?? y;
  const { error, accepted } = compareGradient(y, [x], new Map([[x, Float64Array.of(0.4)]]), 1);
  t.true(error < 1e-7);
  t.is(accepted, 6);
});

test('contributions of every use of a node add up', (t) => {
  const x = g.input('x', [2]);
  const y = g.reduceSum(g.mul(g.mul(x, x), g.add(x, x)));
  close(t, values(g.gradient(y, [x])[0], [x, [1, -2]]), [6, 24]);
});

test('what does not reach y has zeros', (t) => {
  const x = g.input('x', [2, 2]);
  const z = g.input('z', [3]);
  const [dx, dz] = g.gradient(g.reduceSum(x), [x, z]);
  t.deepEqual(values(dx), [1, 1, 1, 1]);
  t.deepEqual(values(dz), [0, 0, 0]);
  t.deepEqual(dz?.shape, [3]);
});

test('y itself and nodes on the way are variables too', (t) => {
  const x = g.input('x', []);
  const square = g.mul(x, x);
  const y = g.mul(square, 3);
  const [dy, dSquare, dx] = g.gradient(y, [y, square, x]);
  close(t, [...values(dy), ...values(dSquare), ...values(dx, [x, [5]])], [1, 3, 30]);
});

test('stopGradient holds a value fixed', (t) => {
  const x = g.input('x', []);
  const [dx] = g.gradient(g.mul(g.stopGradient(x), x), [x]);
  close(t, values(dx, [x, [5]]), [5]);
});

test('no derivative passes through integers and conditions', (t) => {
  const x = g.input('x', [3]);
  const whole = g.cast(g.cast(x, 'int32'), 'float32');
  const chosen = g.gather(x, g.argMax(x, 0));
  const [dx] = g.gradient(g.add(g.reduceSum(whole), chosen), [x]);
  t.deepEqual(values(dx, [x, [1, 3, 2]]), [0, 1, 0]);
});

test('a gradient is built only from what leads to the variables', (t) => {
  const x = g.input('x', [4, 3]);
  const w = g.input('w', [3, 2]);
  const [dw] = g.gradient(g.reduceSum(g.square(g.matmul(x, w))), [w]);
  const used = g.topologicalOrder(dw === undefined ? [] : [dw]);
  t.is(used.filter(({ op }) => op === 'matmul').length, 2);
  t.false(used.some(({ op }) => op === 'transpose'));
});

test('kinks have the documented derivatives', (t) => {
  const x = g.input('x', []);
  const at = (y: g.Node, point: number) => values(g.gradient(y, [x])[0], [x, [point]]);
  t.deepEqual(at(g.relu(x), 0), [0]);
  t.deepEqual(at(g.abs(x), 0), [0]);
  t.deepEqual(at(g.maximum(x, 1), 1), [1]);
  t.deepEqual(at(g.maximum(1, x), 1), [0]);
  t.deepEqual(at(g.minimum(x, 1), 1), [1]);
  t.deepEqual(at(g.minimum(1, x), 1), [0]);
  t.deepEqual(at(g.maximum(x, x), 1), [1]);
  t.deepEqual(at(g.clip(x, -1, 1), 1), [1]);
});

test('equal largest elements share the derivative', (t) => {
  const x = g.input('x', [4]);
  t.deepEqual(values(g.gradient(g.reduceMax(x), [x])[0], [x, [2, 1, 2, 0]]), [0.5, 0, 0.5, 0]);
});

test('the first largest element of a window has the derivative', (t) => {
  const x = g.input('x', [1, 1, 4]);
  const y = g.reduceSum(g.maxPool(x, { kernel: [2], strides: [2] }));
  t.deepEqual(values(g.gradient(y, [x])[0], [x, [2, 2, 1, 3]]), [1, 0, 0, 1]);
});

test('powers are finite where their derivatives are', (t) => {
  const x = g.input('x', [2]);
  for (const [exponent, slope, curve] of [
    [0, 0, 0],
    [1, 1, 0],
    [2, 0, 2],
    [3, 0, 0],
  ] as const) {
    const [first] = g.gradient(g.reduceSum(g.pow(x, exponent)), [x]);
    const [second] = g.gradient(g.reduceSum(first ?? x), [x]);
    close(t, values(first, [x, [0, 0]]), [slope, slope]);
    close(t, values(second, [x, [0, 0]]), [curve, curve]);
  }
  const [dx] = g.gradient(g.reduceSum(g.pow(x, g.constant([0, 1]))), [x]);
  close(t, values(dx, [x, [0, 0]]), [0, 1]);
  const [dExponent] = g.gradient(g.reduceSum(g.pow(g.constant([0, 2]), x)), [x]);
  close(t, values(dExponent, [x, [1, 3]]), [0, 8 * Math.log(2)]);
});

test('of rows set twice only the last has a derivative', (t) => {
  const target = g.input('target', [3]);
  const rows = g.input('rows', [3]);
  const y = g.inner([g.setRows(target, g.constant([1, 0, 1], [3], 'int32'), rows)], [g.constant([1, 10, 100])]);
  const [dTarget, dRows] = g.gradient(y, [target, rows]);
  t.deepEqual(values(dTarget), [0, 0, 100]);
  t.deepEqual(values(dRows), [0, 1, 10]);
});

/** f = sum of (x_i^2 y) over i plus y^3, with Hessian [2y I, 2x; 2x', 6y]. */
function quartic() {
  const x = g.input('x', [2]);
  const y = g.input('y', []);
  return { x, y, f: g.add(g.reduceSum(g.mul(g.square(x), y)), g.pow(y, 3)) };
}

test('a Hessian-vector product', (t) => {
  const { x, y, f } = quartic();
  const vectors = [g.constant([1, -1]), g.constant(2)];
  const [hx, hy] = g.hessianVectorProduct(g.gradient(f, [x, y]), [x, y], vectors);
  close(t, values(hx, [x, [3, 4]], [y, [5]]), [2 * 5 * 1 + 2 * 3 * 2, -2 * 5 + 2 * 4 * 2]);
  close(t, values(hy, [x, [3, 4]], [y, [5]]), [2 * 3 - 2 * 4 + 6 * 5 * 2]);
});

test('a mixed Jacobian-vector product', (t) => {
  const { x, y, f } = quartic();
  const [product] = g.mixedJacobianVectorProduct(g.gradient(f, [x]), [y], [g.constant([1, -1])]);
  close(t, values(product, [x, [3, 4]], [y, [5]]), [2 * 3 - 2 * 4]);
});

test('the vector of a product is held fixed', (t) => {
  const { x, y, f } = quartic();
  const gradients = g.gradient(f, [x]);
  const [product] = g.hessianVectorProduct(gradients, [x], gradients);
  close(t, values(product, [x, [3, 4]], [y, [5]]), [10 * 30, 10 * 40]);
});

test('wrong requests', (t) => {
  const x = g.input('x', [2]);
  const n = g.input('n', [], 'int32');
  const code = (run: () => unknown) => t.throws(run, { instanceOf: BilevelError })?.code;
  t.is(
    code(() => g.gradient(x, [x])),
    'NOT_DIFFERENTIABLE',
  );
  t.is(
    code(() => g.gradient(n, [x])),
    'NOT_DIFFERENTIABLE',
  );
  t.is(
    code(() => g.gradient(g.reduceSum(x), [n])),
    'NOT_DIFFERENTIABLE',
  );
  t.is(
    code(() => g.hessianVectorProduct([x], [x, x], [x])),
    'INVALID_ARGUMENT',
  );
  t.is(
    code(() => g.hessianVectorProduct([x], [x], [x, x])),
    'INVALID_ARGUMENT',
  );
  t.is(
    code(() => g.mixedJacobianVectorProduct([x], [x], [])),
    'INVALID_ARGUMENT',
  );
  t.is(
    code(() => g.mixedJacobianVectorProduct([x], [x], [g.zeros([1])])),
    'SHAPE_MISMATCH',
  );
});

test('a deep graph is no problem', (t) => {
  const x = g.input('x', []);
  let y = x;
  for (let depth = 0; depth < 20_000; depth++) y = g.add(y, 1e-3);
  close(t, values(g.gradient(y, [x])[0]), [1]);
});

test('what users of disjoint slices contribute is laid end to end, with zeros between', (t) => {
  const x = g.input('x', [2, 7]);
  const columns = (from: number, to: number): g.Node => g.slice(x, { starts: [0, from], limits: [2, to] });
  const parts = [columns(4, 6), columns(0, 1), columns(1, 3)];
  const sum = parts.map((part, index) => g.reduceSum(g.pow(part, index + 2))).reduce(g.add);
  const [derivative] = g.gradient(g.add(sum, g.reduceSum(g.square(x))), [x]) as [g.Node];
  t.false(g.topologicalOrder([derivative]).some(({ op }) => op === 'pad'));
  const values = Float64Array.from({ length: 14 }, (_, index) => (index + 1) / 7);
  const [actual = []] = g.evaluate([derivative], new Map([[x, values]]));
  const expected = [3, 4, 4, 0, 2, 2, 0];
  const close = [...values].every((value, index) => {
    const exponent = expected[index % 7] ?? 0;
    return Math.abs(Number(actual[index]) - (2 * value + exponent * value ** Math.max(0, exponent - 1))) < 1e-12;
  });
  t.true(close, `${actual}`);
});

test('what users of overlapping slices contribute is added', (t) => {
  const x = g.input('x', [3]);
  const halves = [g.slice(x, { starts: [0], limits: [2] }), g.slice(x, { starts: [1], limits: [3] })];
  const [derivative] = g.gradient(halves.map((half) => g.reduceSum(half)).reduce(g.add), [x]) as [g.Node];
  t.deepEqual([...(g.evaluate([derivative], new Map([[x, Float64Array.of(1, 2, 3)]]))[0] ?? [])], [1, 2, 1]);
});
