import test from 'ava';
import { type CompileOptions, compile, compileCached, type Target, targetOf } from '../../lib/compile/index.js';
import * as g from '../../lib/graph/index.js';
import { testDevice } from '../support/devices.js';

const cpu = targetOf({ kind: 'cpu' });

const matrix = (name: string, rows: number, columns: number): g.Node => g.input(name, [rows, columns]);
const [a, b, c] = [matrix('a', 50, 300), matrix('b', 50, 300), matrix('c', 300, 784)];
const [p, q, r] = [matrix('p', 100, 2000), matrix('q', 2000, 100), matrix('r', 100, 10)];
const [x, y] = [matrix('x', 50, 784), matrix('y', 50, 784)];
const sum = g.add(a, b);
const scale = g.input('scale', [64]);

/** What each constant decides: another value than that of a processor, and where it makes a difference. */
const decided: {
  readonly [K in keyof Target]: readonly [value: number, outputs: Readonly<Record<string, g.Node>>];
} = {
  // p (q r) takes fewer operations than (p q) r, and a larger value in between.
  flopsPerByte: [1e6, { z: g.matmul(g.matmul(p, q), r) }],
  operationBytes: [1e3, { y: g.matmul(sum, c), z: g.reduceSum(g.mul(g.mul(sum, a), b)) }],
  tinyBytes: [0, { y: g.mul(matrix('d', 4, 64), scale), z: g.mul(matrix('e', 4, 64), scale) }],
  thinnestProduct: [1e3, { z: g.add(g.matmul(a, x, { transposeA: true }), g.matmul(b, y, { transposeA: true })) }],
  maxOperations: [2, { y: g.exp(g.sin(g.exp(a))) }],
  maxOperands: [1, { y: g.add(g.exp(a), b) }],
};

for (const [name, [value, outputs]] of Object.entries(decided)) {
  test(`${name} decides what is compiled`, (t) => {
    const plan = (options: CompileOptions) =>
      compile({ outputs }, options).cost.instructions.map(({ operations, flops }) => ({ operations, flops }));
    t.deepEqual(plan({}), plan({ target: cpu }));
    t.notDeepEqual(plan({ target: { ...cpu, [name]: value } }), plan({}));
  });
}

test('what was compiled for one target is not given for another', (t) => {
  const spec = { outputs: { y: g.exp(a) } };
  const program = compileCached(spec);
  t.is(compileCached(spec, { target: cpu }), program);
  t.is(compileCached(spec, { target: { ...cpu } }), program);
  const other = { ...cpu, tinyBytes: 0 };
  t.not(compileCached(spec, { target: other }), program);
  t.is(compileCached(spec, { target: other }), compileCached(spec, { target: other }));
});

test('a device has a target', (t) => {
  t.is(targetOf(testDevice().info()), cpu);
  t.throws(() => targetOf({ kind: 'abacus' }), { code: 'INVALID_ARGUMENT', message: /abacus/ });
  t.throws(() => compile({}, { target: {} as Target }), { code: 'INVALID_ARGUMENT', message: /target\.flopsPerByte/ });
});
