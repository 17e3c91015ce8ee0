import test from 'ava';
import { constant, crossEntropy, evaluate, gradient, input, mean, type Node } from '../../lib/public/graph.js';
import { Tensor } from '../../lib/public/index.js';
import { applyModel, setWeights, weightsOf } from '../../lib/public/tfjs.js';
import { loadGraphModel, spreadWeights, core as tf, layers as tfl } from '../support/tf.js';

const { layers } = tfl;

/** Models of all layers that are supported, by what they show. */
const models: Readonly<Record<string, () => tfl.LayersModel>> = {
  'convolutions and dense layers': () =>
    tfl.sequential({
      layers: [
        layers.conv2d({ inputShape: [9, 8, 2], filters: 3, kernelSize: [3, 2], padding: 'same', activation: 'relu' }),
        layers.maxPooling2d({ poolSize: 2 }),
        layers.conv2d({ filters: 4, kernelSize: 2, strides: [2, 1], useBias: false, activation: 'tanh' }),
        layers.flatten(),
        layers.dropout({ rate: 0.5 }),
        layers.dense({ units: 5, activation: 'sigmoid' }),
        layers.dense({ units: 3, activation: 'softmax' }),
      ],
    }),
  'strides, dilation and windows that reach beyond the image': () =>
    tfl.sequential({
      layers: [
        layers.conv2d({ inputShape: [9, 8, 2], filters: 3, kernelSize: 3, strides: 2, padding: 'same' }),
        layers.conv2d({ filters: 3, kernelSize: 3, dilationRate: 2, padding: 'same', activation: 'elu' }),
        layers.averagePooling2d({ poolSize: 3, strides: 2, padding: 'same' }),
        layers.maxPooling2d({ poolSize: [2, 1], strides: 1, padding: 'same' }),
        layers.depthwiseConv2d({ kernelSize: 2, depthMultiplier: 2, padding: 'same' }),
        layers.leakyReLU({ alpha: 0.3 }),
        layers.globalAveragePooling2d({}),
      ],
    }),
  'batch normalization and images as output': () =>
    tfl.sequential({
      layers: [
        layers.conv2d({ inputShape: [9, 8, 2], filters: 3, kernelSize: 3 }),
        layers.batchNormalization({ epsilon: 0.01 }),
        layers.reLU(),
        layers.conv2d({ filters: 4, kernelSize: 1, activation: 'softmax' }),
      ],
    }),
  'branches that meet': () => {
    const x = tfl.input({ shape: [9, 8, 2] });
    const [a, b] = [1, 2].map((dilationRate) =>
      layers.conv2d({ filters: 2, kernelSize: 3, padding: 'same', dilationRate }).apply(x),
    ) as [tfl.SymbolicTensor, tfl.SymbolicTensor];
    const sum = layers.add().apply([a, b, x]) as tfl.SymbolicTensor;
    const both = layers.concatenate().apply([layers.multiply().apply([sum, a]) as tfl.SymbolicTensor, b]);
    const pooled = layers.globalMaxPooling2d({}).apply(both) as tfl.SymbolicTensor;
    const outputs = layers.softmax().apply(layers.activation({ activation: 'hardSigmoid' }).apply(pooled));
    return tfl.model({ inputs: x, outputs: outputs as tfl.SymbolicTensor });
  },
};

const images = tf.randomNormal([2, 9, 8, 2], 0, 1, 'float32', 3);
const pixels = Float64Array.from(images.dataSync());

function close(t: { true(value: boolean, message?: string): void }, a: ArrayLike<number>, b: ArrayLike<number>): void {
  t.true(a.length === b.length && a.length > 0, `${a.length} and ${b.length} elements`);
  for (let index = 0; index < a.length; index++) {
    const [x, y] = [Number(a[index]), Number(b[index])];
    t.true(Math.abs(x - y) <= 1e-5 * Math.max(1, Math.abs(y)), `element ${index}: ${x} and ${y}`);
  }
}

for (const [name, make] of Object.entries(models)) {
  test(`a model gives the same outputs as a graph: ${name}`, (t) => {
    const model = spreadWeights(make());
    const weights = weightsOf(model);
    t.deepEqual(
      Object.keys(weights),
      model.trainableWeights.map((weight) => weight.name),
    );
    const x = input('x', [2, 9, 8, 2]);
    const v = Object.fromEntries(Object.entries(weights).map(([key, { shape }]) => [key, input(key, shape)]));
    const y = applyModel(model, x, v);
    const expected = model.predict(images) as tf.Tensor;
    t.deepEqual(y.shape, expected.shape);
    const bindings = new Map<Node, Float64Array>([[x, pixels]]);
    for (const [key, node] of Object.entries(v))
      bindings.set(node, Float64Array.from((weights[key] as Tensor).toArray()));
    close(t, evaluate([y], bindings)[0] ?? [], expected.dataSync());
    // Without variables the weights are those of the model.
    close(t, evaluate([applyModel(model, x, {})], new Map([[x, pixels]]))[0] ?? [], expected.dataSync());

    // Another model that is given these weights computes the same, but for what training does not learn.
    const other = make();
    for (const [index, weight] of other.weights.entries()) {
      if (!weight.trainable && model.weights[index]) weight.write(model.weights[index].read());
    }
    const renamed = other.trainableWeights.map((weight, index) => [
      weight.name,
      weights[model.trainableWeights[index]?.name ?? ''] as Tensor,
    ]);
    const before = tf.memory().numTensors;
    setWeights(tf, other, Object.fromEntries(renamed));
    t.is(tf.memory().numTensors, before);
    close(t, (other.predict(images) as tf.Tensor).dataSync(), expected.dataSync());
    // They are copies.
    for (const tensor of Object.values(weights)) tensor.data.fill(0);
    close(t, (other.predict(images) as tf.Tensor).dataSync(), expected.dataSync());
  });
}

test('the first derivatives of a model are those of TensorFlow.js', (t) => {
  const model = spreadWeights(
    tfl.sequential({
      layers: [
        layers.conv2d({ inputShape: [9, 8, 2], filters: 3, kernelSize: 3, activation: 'relu' }),
        layers.flatten(),
        layers.dense({ units: 4 }),
      ],
    }),
  );
  const weights = weightsOf(model);
  const v = Object.fromEntries(Object.entries(weights).map(([key, { shape }]) => [key, input(key, shape)]));
  const logits = applyModel(model, constant(pixels, [2, 9, 8, 2]), v);
  const cost = mean(crossEntropy(logits, constant([1, 3], [2], 'int32')));
  const bindings = new Map(
    Object.entries(v).map(([key, node]) => [node, Float64Array.from((weights[key] as Tensor).toArray())]),
  );
  const ours = evaluate(gradient(cost, Object.values(v)), bindings);
  const labels = tf.oneHot(tf.tensor1d([1, 3], 'int32'), 4);
  const { grads } = tf.variableGrads(() => tf.losses.softmaxCrossEntropy(labels, model.apply(images) as tf.Tensor));
  for (const [index, { name }] of model.trainableWeights.entries()) {
    const variable = Object.keys(grads).find((key) => key === name || key.startsWith(`${name}_`)) ?? '';
    const theirs = grads[variable] as tf.Tensor;
    const moved = name.endsWith('kernel') && theirs.rank === 4 ? tf.transpose(theirs, [3, 2, 0, 1]) : theirs;
    close(t, ours[index] ?? [], moved.dataSync());
  }
});

test('the weights of a graph model are given as they lie in it', async (t) => {
  const type = { type: 'DT_FLOAT' };
  const weights = Float32Array.of(1, 2, 3, 4, 5, 6);
  const model = await loadGraphModel(
    tf.io.fromMemory({
      modelTopology: {
        node: [
          {
            name: 'x',
            op: 'Placeholder',
            attr: { dtype: type, shape: { shape: { dim: [{ size: '-1' }, { size: '2' }] } } },
          },
          { name: 'kernel', op: 'Const', attr: { dtype: type } },
          { name: 'y', op: 'MatMul', input: ['x', 'kernel'], attr: { T: type } },
        ],
        library: {},
        versions: {},
      },
      weightSpecs: [{ name: 'kernel', shape: [2, 3], dtype: 'float32' }],
      weightData: weights.buffer,
    }),
  );
  t.deepEqual([...(model.predict(tf.ones([1, 2])) as tf.Tensor).dataSync()], [5, 7, 9]);
  const read = weightsOf(model);
  t.deepEqual([Object.keys(read), read.kernel?.shape, read.kernel?.toArray()], [['kernel'], [2, 3], [...weights]]);
  t.throws(() => setWeights(tf, model as never, read), { code: 'INVALID_ARGUMENT', message: /constants/ });
});

test('what does not fit is refused by name, and nothing is changed', (t) => {
  const model = tfl.sequential({ layers: [layers.dense({ inputShape: [2], units: 1, name: 'only' })] });
  const x = input('x', [3, 2]);
  const before = weightsOf(model);
  const zeros = Tensor.zeros([2, 1]);
  for (const [v, code, message] of [
    [
      { 'only/kernel': zeros, 'only/bias': Tensor.zeros([2]) },
      'SHAPE_MISMATCH',
      /float32\[1\].*"only\/bias".*float32\[2\]/,
    ],
    [{ 'only/kernel': zeros, 'only/bais': zeros }, 'INVALID_ARGUMENT', /"only\/bais".*only\/bias\?/],
    [{ 'only/kernel': [0, 0] as never }, 'INVALID_ARGUMENT', /a Tensor for .*only\/kernel/],
  ] as const) {
    t.throws(() => setWeights(tf, model, v), { code, message });
    t.deepEqual(weightsOf(model), before);
  }
  t.throws(() => weightsOf({} as never), { code: 'INVALID_ARGUMENT', message: /tf.LayersModel or a tf.GraphModel/ });
  t.throws(() => applyModel(model, input('x', [3, 4]), {}), {
    code: 'SHAPE_MISMATCH',
    message: /\[batch, 2\].*\[3, 4\]/,
  });
  t.throws(() => applyModel(model, x, {}, { trainig: true } as never), { code: 'UNKNOWN_OPTION' });
  const unsupported: [tfl.layers.Layer[] | unknown[], RegExp][] = [
    [[layers.upSampling2d({ inputShape: [2, 2, 1] })], /UpSampling2D.*Known are: Activation/],
    [
      [layers.conv2d({ inputShape: [4, 4, 1], filters: 1, kernelSize: 2, dataFormat: 'channelsFirst' })],
      /channelsFirst/,
    ],
    [[layers.dense({ inputShape: [4, 4], units: 1 })], /3 axes/],
    [[layers.reLU({ inputShape: [2], maxValue: 6 })], /largest value/],
    [[layers.dense({ inputShape: [2], units: 1, activation: 'swish' })], /swish/],
  ];
  for (const [list, message] of unsupported) {
    const other = tfl.sequential({ layers: list as never });
    const [given] = other.inputs as [tfl.SymbolicTensor];
    const shape = [2, ...(given.shape.slice(1) as number[])];
    t.throws(() => applyModel(other, input('x', shape), {}), { code: 'UNSUPPORTED_OPERATOR', message });
  }
  const dropout = tfl.sequential({ layers: [layers.dropout({ inputShape: [2], rate: 0.5 })] });
  t.throws(() => applyModel(dropout, x, {}, { training: true }), { code: 'UNSUPPORTED_OPERATOR', message: /random/ });
});
