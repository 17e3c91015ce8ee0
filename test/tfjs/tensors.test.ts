import test from 'ava';
import { mean, type Node, square, sub } from '../../lib/public/graph.js';
import { bilevelProblem, feed, methods, Tensor } from '../../lib/public/index.js';
import { fromTf, fromTfLayout, type LayoutName, tfBatches, toTf, toTfLayout } from '../../lib/public/tfjs.js';
import { testDevice } from '../support/devices.js';
import { core as tf, data as tfData } from '../support/tf.js';

test('tensors go to TensorFlow.js and back, on its backend cpu in one memory', (t) => {
  const tensor = Tensor.from([1, 2, 3, 4, 5, 6], [2, 3]);
  const there = toTf(tf, tensor);
  t.deepEqual(
    [there.dtype, there.shape, there.arraySync()],
    [
      'float32',
      [2, 3],
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
    ],
  );
  tensor.data[0] = 7;
  t.is(there.dataSync()[0], 7);
  const back = fromTf(there);
  t.is(back.data.buffer, tensor.data.buffer);
  t.deepEqual(back.shape, [2, 3]);

  const own = tf.tensor([1, 2], [2]);
  const copy = fromTf(own);
  copy.data[0] = 9;
  t.deepEqual([...own.dataSync()], [1, 2]);
  for (const [dtype, values] of [
    ['int32', [1, -2]],
    ['bool', [1, 0]],
  ] as const) {
    const received = fromTf(tf.tensor1d([...values], dtype));
    t.deepEqual([received.dtype, received.toArray()], [dtype, [...values]]);
    t.is(toTf(tf, received).dtype, dtype);
  }
  t.deepEqual([...toTf(tf, Tensor.from([3n, -4n])).dataSync()], [3, -4]);
  t.deepEqual(fromTf(tf.scalar(5)).shape, []);
  t.is(fromTf(tf.zeros([0, 3])).size, 0);
});

test('what is no tensor that both have is refused by name', (t) => {
  const disposed = tf.scalar(1);
  disposed.dispose();
  t.throws(() => fromTf(disposed), { code: 'DISPOSED', message: /float32\[\]/ });
  t.throws(() => fromTf(tf.tensor(['a'])), { code: 'INVALID_ARGUMENT', message: /dtype .*string/ });
  t.throws(() => fromTf(tf.complex([1], [2])), { code: 'INVALID_ARGUMENT', message: /complex64/ });
  t.throws(() => fromTf([1] as never), { code: 'INVALID_ARGUMENT', message: /tensor/ });
  t.throws(() => toTf(tf, [1] as never), { code: 'INVALID_ARGUMENT', message: /Tensor/ });
  t.throws(() => toTf({} as never, Tensor.zeros([1])), {
    code: 'INVALID_ARGUMENT',
    message: /module of TensorFlow.js/,
  });
  t.throws(() => toTf(tf, Tensor.from([2n ** 40n])), { code: 'INVALID_DATA', message: /Element 0 is 1099511627776/ });
});

test('every layout is moved to where ONNX has the axes, and back', (t) => {
  const shapes: Readonly<Record<LayoutName, [there: number[], here: number[], axes: number[]]>> = {
    images: [
      [2, 3, 4, 5],
      [2, 5, 3, 4],
      [0, 3, 1, 2],
    ],
    conv: [
      [2, 3, 4, 5],
      [5, 4, 2, 3],
      [3, 2, 0, 1],
    ],
    conv1d: [
      [2, 4, 5],
      [5, 4, 2],
      [2, 1, 0],
    ],
    convTranspose: [
      [2, 3, 5, 4],
      [4, 5, 2, 3],
      [3, 2, 0, 1],
    ],
    depthwise: [
      [2, 3, 4, 5],
      [20, 1, 2, 3],
      [2, 3, 0, 1],
    ],
  };
  for (const [layout, [there, here, axes]] of Object.entries(shapes) as [
    LayoutName,
    [number[], number[], number[]],
  ][]) {
    const values = tf.reshape(
      tf.range(
        0,
        there.reduce((a, b) => a * b),
      ),
      there,
    );
    const given = fromTf(values) as Tensor<'float32'>;
    const moved = fromTfLayout(given, layout);
    t.deepEqual(moved.shape, here, layout);
    t.deepEqual(moved.toArray(), [...tf.transpose(values, axes).dataSync()], layout);
    const back = toTfLayout(moved, layout, there);
    t.deepEqual([back.shape, back.toArray()], [there, given.toArray()], layout);
  }
  t.throws(() => fromTfLayout(Tensor.zeros([2, 3]), 'conv'), {
    code: 'SHAPE_MISMATCH',
    message: /conv .*float32\[2, 3\]/,
  });
  t.throws(() => toTfLayout(Tensor.zeros([2]), 'HWIO' as never), { code: 'INVALID_ARGUMENT', message: /conv, conv1d/ });
});

test('a data set of TensorFlow.js feeds a problem, over and over, and its tensors are disposed of', async (t) => {
  const rows = tfData.array([1, 2, 3, 4, 5, 6]).map((x) => ({ xs: tf.tensor1d([x as unknown as number]) }));
  const batches = tfBatches(rows.batch(2, false));
  const read: number[][] = [];
  const before = tf.memory().numTensors;
  for await (const { xs } of batches(1)) {
    read.push(xs?.toArray() ?? []);
    if (read.length === 4) break;
  }
  t.deepEqual(read, [
    [3, 4],
    [5, 6],
    [1, 2],
    [3, 4],
  ]);
  t.true(tf.memory().numTensors - before <= 2);

  using device = testDevice();
  const problem = bilevelProblem({
    upper: { u: Tensor.zeros([1]) },
    lower: { v: Tensor.zeros([1]) },
    feeds: { train: feed(batches, { types: { xs: { shape: [2, 1] } } }) },
    f: ({ u }) => mean(square(u.u)),
    g: ({ v, train }) => mean(square(sub(v.v, train.xs as Node))),
  });
  using solver = methods.aidCg(problem, { lowerSteps: 30, lowerLearningRate: 0.1 }, { device });
  const state = solver.init();
  for await (const { g } of solver.run({ state, iterations: 6 })) t.true(Number.isFinite(g));
  const [v] = state.v.v.toArray();
  t.true(Number(v) > 1 && Number(v) < 6, `${v}`);

  t.throws(() => tfBatches([] as never), { code: 'INVALID_ARGUMENT', message: /Dataset/ });
  const wrong = tfBatches(tfData.array([1, 2]))(0) as AsyncGenerator;
  await t.throwsAsync(wrong.next(), { code: 'INVALID_ARGUMENT', message: /element 0/ });
});
