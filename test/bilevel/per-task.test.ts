import test from 'ava';
import { perTask } from '../../lib/bilevel/index.js';
import {
  add,
  constant,
  crossEntropy,
  evaluate,
  gradient,
  input,
  matmul,
  mean,
  mul,
  type Node,
  reduceSum,
  reshape,
  slice,
  square,
  topologicalOrder,
} from '../../lib/graph/index.js';
import { findModel } from '../../lib/network/models.js';
import { Network } from '../../lib/onnx/index.js';
import { testDevice } from '../support/devices.js';
import { runNative } from '../support/engine/run-native.js';

const device = testDevice();
test.after.always(() => device.dispose());

const wave = (shape: readonly number[], pace: number): Node =>
  constant(
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, index) => Math.sin(pace * (index + 1))),
    shape,
  );

const taskOf = (node: Node, task: number): Node => {
  const { shape } = node;
  const one = slice(node, {
    starts: [task, ...shape.slice(1).map(() => 0)],
    limits: [task + 1, ...shape.slice(1)],
  });
  return reshape(one, shape.slice(1));
};

test('a function of one task is that of all tasks, each with its own arrays', (t) => {
  const [x, w, scale] = [wave([3, 4, 5], 1.1), wave([3, 5, 2], 0.7), wave([5], 0.3)];
  const cost = (rows: Node, weights: Node): Node => mean(square(matmul(mul(rows, scale), weights)));
  const all = perTask({ x, v: { w } }, (task) => ({ cost: cost(task.x, task.v.w), weights: task.v.w, shared: scale }));
  t.deepEqual(all.cost.shape, [3]);
  t.deepEqual(all.weights.shape, [3, 5, 2]);
  t.deepEqual(all.shared.shape, [3, 5]);
  const each = [0, 1, 2].map((task) => cost(taskOf(x, task), taskOf(w, task)));
  const [together, ...alone] = evaluate([all.cost, ...each]);
  t.deepEqual([...(together ?? [])], alone.map(([value]) => value) as number[]);
});

test('tasks have derivatives of their own, and share that of what they have in common', (t) => {
  const [x, w, scale] = [wave([3, 4, 5], 1.1), input('w', [3, 5, 2]), input('scale', [5])];
  const cost = (rows: Node, weights: Node): Node => mean(square(matmul(mul(rows, scale), weights)));
  const stacked = gradient(reduceSum(perTask({ x, w }, (task) => cost(task.x, task.w))), [w, scale]);
  const loop = [0, 1, 2].map((task) => cost(taskOf(x, task), taskOf(w, task))).reduce(add);
  const expected = gradient(loop, [w, scale]);
  const [values = new Float64Array(), ones = new Float64Array()] = evaluate([wave([3, 5, 2], 0.7), wave([5], 0.3)]);
  const feeds = new Map([
    [w, values],
    [scale, ones],
  ]);
  for (const [index, node] of stacked.entries()) {
    const [a = [], b = []] = evaluate([node, expected[index] as Node], feeds);
    t.true(a.length === b.length && a.every((value, at) => Math.abs(value - (b[at] ?? 0)) < 1e-12));
  }
});

test('a network has weights of its own in every task, in a graph whose size is that of one task', async (t) => {
  const network = await Network.load(findModel('lenet'));
  const costs = (tasks: number): { readonly all: Node; readonly loop: Node } => {
    const [x, y] = [wave([tasks, 2, 1, 28, 28], 0.9), constant(new Array(2 * tasks).fill(3), [tasks, 2], 'int64')];
    const v = Object.fromEntries(
      Object.entries(network.initialParameters()).map(([name, { shape }]) => [
        name,
        mul(0.1, wave([tasks, ...shape], 1.7)),
      ]),
    );
    const cost = (task: { readonly x: Node; readonly y: Node; readonly v: Readonly<Record<string, Node>> }): Node =>
      mean(crossEntropy(network.apply(task.x, task.v), task.y));
    const each = Array.from({ length: tasks }, (_, task) => {
      const own = Object.fromEntries(Object.entries(v).map(([name, node]) => [name, taskOf(node, task)]));
      return cost({ x: taskOf(x, task), y: taskOf(y, task), v: own });
    });
    return { all: reduceSum(perTask({ x, y, v }, cost)), loop: each.reduce(add) };
  };
  const { all, loop } = costs(3);
  const values = await runNative(device, { outputs: { cost: all, expected: loop } }, new Map());
  const [a = 0, b = 1] = ['cost', 'expected'].map((name) => values.get(name)?.[0] ?? Number.NaN);
  t.true(Math.abs(a / b - 1) < 1e-5, `${a} ${b}`);
  const size = (tasks: number): number => topologicalOrder([costs(tasks).all]).length;
  t.is(size(2), size(30));
});

test('what is no array of all tasks is refused with what to do', (t) => {
  const [x, w] = [wave([3, 4], 1), wave([2, 4], 1)];
  const sum = ({ x }: { readonly x: Node }): Node => reduceSum(x);
  t.throws(() => perTask({ x, w }, sum), { code: 'SHAPE_MISMATCH', message: /here 3, but w is float32\[2, 4\]/ });
  t.throws(() => perTask({ x: wave([], 1) }, sum), { code: 'SHAPE_MISMATCH', message: /x is float32\[\].*shared?/ });
  t.throws(() => perTask({ x: { deep: 1 } } as never, sum), { code: 'INVALID_ARGUMENT', message: /x\.deep/ });
  t.throws(() => perTask({} as { x: Node }, sum), { code: 'INVALID_ARGUMENT', message: /at least one node/ });
  t.throws(() => perTask({ x }, 1 as never), { code: 'INVALID_ARGUMENT', message: /a function/ });
  t.throws(() => perTask({ x }, () => 1 as never), { code: 'INVALID_ARGUMENT', message: /returns/ });
});
