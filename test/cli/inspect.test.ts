import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { bilevel, fixtures } from '../support/command-line.js';
import { buildModel, encode, int64s, type TestNode, tensor } from '../support/onnx/builder.js';
import { withTemporary } from '../support/temporary.js';

test('what a network is made of and what a step costs', async (t) => {
  const { status, stdout } = await bilevel('inspect', 'logreg', '--batch', '50', '--json');
  t.is(status, 0);
  const { model, opset, inputs, operators, parameters, warnings, step } = JSON.parse(stdout);
  t.is(model, 'logreg');
  t.true(opset >= 9);
  t.deepEqual(inputs[0].shape.slice(1), [1, 28, 28]);
  t.is(operators.Gemm, 1);
  t.deepEqual(
    parameters.map(({ shape, trainable }: { shape: number[]; trainable: boolean }) => ({ shape, trainable })),
    [
      { shape: [10, 784], trainable: true },
      { shape: [10], trainable: true },
    ],
  );
  t.deepEqual(warnings, []);
  t.is(step.batch, 50);
  // Logits of both batches, their gradients, and one Hessian-vector product: several products of 50 x 784 by 784 x 10.
  const product = 2 * 50 * 784 * 10;
  t.true(step.lower.stepFlops > 4 * product && step.lower.stepFlops < 12 * product, `${step.lower.stepFlops}`);
  const { step: larger } = JSON.parse((await bilevel('inspect', 'logreg', '--batch', '100', '--json')).stdout);
  t.true(larger.lower.stepFlops > 1.8 * step.lower.stepFlops && larger.lower.stepFlops < 2.2 * step.lower.stepFlops);
  t.true(larger.lower.arenaBytes > step.lower.arenaBytes);
});

test('people get tables, warnings with their remedy and on demand the instructions', async (t) => {
  const path = join(fixtures, 'conv4-eval', 'model.onnx');
  const { status, stdout } = await bilevel('inspect', path, '--batch', '4', '--instructions');
  t.is(status, 0);
  t.regex(stdout, /^Operators .*Conv ×4/m);
  t.regex(stdout, /^Input .*\[/m);
  t.regex(stdout, /^warning .*torch\.onnx\.export/m);
  t.regex(stdout, /^Penalty step, batch 4 \+ 4/m);
  t.regex(stdout, /^step of v /m);
  t.regex(stdout, /^step of u /m);
  t.regex(stdout, /convInputGradient|conv/);
  t.notRegex(stdout, /NaN|undefined/);
});

test('tensors that training leaves as they are are counted, and named for programs', (t) =>
  withTemporary(async (folder) => {
    const path = join(folder, 'model.onnx');
    const model = buildModel({
      inputs: { x: { type: 'float32', shape: ['n', 2] } },
      initializers: {
        w: tensor([1, -2, 0.5, 3], [2, 2]),
        two: tensor([2], [1]),
        scale: tensor([1, 1], [2]),
        shift: tensor([0, 0], [2]),
        mean: tensor([0.5, -1], [2]),
        variance: tensor([2, 3], [2]),
      },
      nodes: [
        { op: 'MatMul', inputs: ['x', 'w'], outputs: ['a'] },
        { op: 'BatchNormalization', inputs: ['a', 'scale', 'shift', 'mean', 'variance'], outputs: ['b'] },
        { op: 'Pow', inputs: ['b', 'two'], outputs: ['y'] },
      ],
      outputs: ['y'],
    });
    await writeFile(path, encode(model));
    const { state, constants, parameters } = JSON.parse((await bilevel('inspect', path, '--json')).stdout);
    t.deepEqual(
      state.map(({ name, kind }: { name: string; kind: string }) => [name, kind]),
      [
        ['mean', 'statistic'],
        ['variance', 'statistic'],
      ],
    );
    t.deepEqual(constants, [{ name: 'two', shape: [1], kind: 'constant' }]);
    t.is(parameters.length, 3);
    t.regex((await bilevel('inspect', path)).stdout, /^Untrained {2}2 running statistics, 1 constant$/m);
  }));

test('of a file with operators that are not supported, all are listed, and which and where', (t) =>
  withTemporary(async (folder) => {
    const path = join(folder, 'model.onnx');
    const model = buildModel({
      inputs: { x: { type: 'float32', shape: ['n', 2] } },
      initializers: { w: tensor([1, -2, 0.5, 3], [2, 2]) },
      nodes: [
        { op: 'MatMul', inputs: ['x', 'w'], outputs: ['a'] },
        { op: 'Frobnicate', inputs: ['a'], outputs: ['b'] },
        { op: 'Frobnicate', inputs: ['b'], outputs: ['c'] },
        { op: 'Gyrate', inputs: ['c'], outputs: ['y'] },
      ],
      outputs: ['y'],
    });
    await writeFile(path, encode(model));
    const { status, stdout, stderr } = await bilevel('inspect', path);
    t.is(status, 1);
    t.regex(stdout, /^Operators {2}Frobnicate ×2, MatMul ×1, Gyrate ×1$/m);
    t.regex(stdout, /^Frobnicate +2 {2}Frobnicate node number 1$/m);
    t.regex(stdout, /^Gyrate +1 {2}Gyrate node number 3$/m);
    t.notRegex(stdout, /^MatMul/m);
    t.regex(stderr, /Frobnicate node number 1 \(opset .*Nor are these understood: Gyrate node number 3/);

    const json = await bilevel('inspect', path, '--json');
    t.is(json.status, 1);
    const { code, details } = JSON.parse(json.stdout).error;
    t.is(code, 'UNSUPPORTED_OPERATOR');
    t.deepEqual(
      details.operators.map(({ name, nodes, problem }: { name: string; nodes: string[]; problem?: string }) => [
        name,
        nodes.length,
        problem !== undefined,
      ]),
      [
        ['MatMul', 1, false],
        ['Frobnicate', 2, true],
        ['Gyrate', 1, true],
      ],
    );
  }));

/** A layer in front of other nodes. */
const behindLayer = (...nodes: readonly TestNode[]): Uint8Array =>
  encode(
    buildModel({
      inputs: { x: { type: 'float32', shape: ['n', 2] } },
      initializers: { w: tensor([1, -2, 0.5, 3], [2, 2]), wide: int64s([2 ** 20, 1, 1]) },
      nodes: [{ op: 'MatMul', inputs: ['x', 'w'], outputs: ['a'] }, ...nodes],
      outputs: ['y'],
    }),
  );

const inapplicable: readonly (readonly [string, string[], RegExp, Uint8Array])[] = [
  [
    'UNSUPPORTED_OPERATOR',
    [],
    /unknown attribute "frobnicate"/,
    behindLayer({ op: 'Relu', inputs: ['a'], outputs: ['y'], attributes: { frobnicate: 1 } }),
  ],
  [
    'SHAPE_MISMATCH',
    [],
    /splits into 3 parts/,
    behindLayer({ op: 'Split', inputs: ['a', 'wide'], outputs: ['y'], attributes: { axis: 1 } }),
  ],
  [
    'LIMIT_EXCEEDED',
    [],
    /number of parts/,
    behindLayer(
      { op: 'Expand', inputs: ['a', 'wide'], outputs: ['b'] },
      { op: 'SplitToSequence', inputs: ['b'], outputs: ['s'] },
      { op: 'ConcatFromSequence', inputs: ['s'], outputs: ['y'], attributes: { axis: 0 } },
    ),
  ],
  [
    'INVALID_ARGUMENT',
    ['--size', 'height=3'],
    /names among none/,
    behindLayer({ op: 'Relu', inputs: ['a'], outputs: ['y'] }),
  ],
];

for (const [code, flags, message, model] of inapplicable) {
  test(`a network that cannot be applied is listed all the same, and the command fails with ${code}`, (t) =>
    withTemporary(async (folder) => {
      const path = join(folder, 'model.onnx');
      await writeFile(path, model);
      const { status, stdout, stderr } = await bilevel('inspect', path, ...flags);
      t.is(status, 1);
      t.regex(stdout, /^Operators .*MatMul ×1/m);
      t.regex(stdout, /^w +2 × 2 +yes$/m);
      t.regex(stderr, message);
      t.true(stderr.includes(`(${code})`), stderr);

      const json = await bilevel('inspect', path, ...flags, '--json');
      t.is(json.status, 1);
      const { operators, parameters, step, error } = JSON.parse(json.stdout);
      t.is(operators.MatMul, 1);
      t.is(parameters[0].name, 'w');
      t.is(step, undefined);
      t.is(error.code, code);
      t.regex(error.message, message);
    }));
}

test('a network without a step is no failure', (t) =>
  withTemporary(async (folder) => {
    const path = join(folder, 'model.onnx');
    const choose = { op: 'ArgMax', inputs: ['a'], outputs: ['y'], attributes: { axis: 1, keepdims: 0 } };
    await writeFile(path, behindLayer(choose));
    const { status, stdout } = await bilevel('inspect', path, '--json');
    t.is(status, 0);
    t.regex(JSON.parse(stdout).step.reason, /no trainable parameters|no derivative/);
    t.regex((await bilevel('inspect', path)).stdout, /no trainable parameters|no derivative/);
  }));
