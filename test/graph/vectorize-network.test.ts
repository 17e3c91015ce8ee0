import test from 'ava';
import { Random } from '../../lib/data/random.js';
import * as g from '../../lib/graph/index.js';
import { elementCount } from '../../lib/tensor.js';
import { testDevice } from '../support/devices.js';
import { runNative, worstError } from '../support/engine/run-native.js';
import { evaluateEach, type Points, stackPoints } from '../support/graph/points.js';

const count = 3;
const [samples, batch, classes] = [7, 4, 3];

/** A small classifier of images that are gathered from a data set, with every kind of layer that networks train. */
function classifier() {
  const images = g.input('images', [samples, 2, 6, 6]);
  const labels = g.input('labels', [samples], 'int64');
  const selection = g.input('selection', [batch], 'int64');
  const decay = g.input('decay', [8, classes]);
  const parameters = [
    g.input('filters', [4, 2, 3, 3]),
    g.input('scale', [4]),
    g.input('bias', [4]),
    g.input('depthwise filters', [4, 1, 2, 2]),
    g.input('weights', [8, classes]),
    g.input('offsets', [classes]),
  ] as const;
  const [filters, scale, bias, depthwise, weights, offsets] = parameters;
  const hidden = g.batchNormTrain(g.conv(g.gather(images, selection), filters), scale, bias).output;
  const pooled = g.maxPool(g.tanh(hidden), { kernel: [2, 2], strides: [1, 1] });
  const mixed = g.averagePool(g.conv(pooled, depthwise, { groups: 4 }), { kernel: [1, 2] });
  const logits = g.add(g.matmul(g.reshape(mixed, [batch, 8]), weights), offsets);
  const targets = g.gather(labels, selection);
  const likelihoods = g.gatherElements(g.logSoftmax(logits), g.reshape(targets, [batch, 1]));
  const loss = g.sub(
    g.add(g.mean(g.crossEntropy(logits, targets)), g.inner([g.exp(decay)], [g.square(weights)])),
    g.mean(g.pow(likelihoods, 3)),
  );
  const directions = parameters.map(({ shape }, index) => g.input(`direction${index}`, shape));
  const gradients = g.gradient(loss, parameters);
  const products = g.hessianVectorProduct(gradients, parameters, directions);
  const mixedProducts = g.mixedJacobianVectorProduct(gradients, [decay, images], directions);
  const roots = [loss, ...gradients, ...products, ...mixedProducts];
  return { images, labels, selection, decay, parameters, directions, loss, roots };
}

const { images, labels, selection, decay, parameters, directions, loss, roots } = classifier();
const inputs = [images, labels, selection, decay, ...parameters, ...directions];

function draw(node: g.Node, random: Random): Float64Array {
  const below = node === labels ? classes : samples;
  return Float64Array.from({ length: elementCount(node.shape) }, () =>
    node.dtype === 'int64' ? random.integer(below) : Math.fround(2 * random.uniform() - 1),
  );
}

function drawPoints(stacked: readonly g.Node[]): Points {
  const random = Random.fromSeed(5, 'points');
  return {
    shared: new Map(inputs.filter((node) => !stacked.includes(node)).map((node) => [node, draw(node, random)])),
    stacked: new Map(stacked.map((node) => [node, Array.from({ length: count }, () => draw(node, random))])),
  };
}

const variants: Readonly<Record<string, readonly g.Node[]>> = {
  'the parameters': parameters,
  'the parameters and directions': [...parameters, ...directions],
  'the directions': directions,
  'some parameters': parameters.filter((_, index) => index % 2 === 1),
  'the images': [images],
  'the mini-batch': [selection],
  'the labels and a hyperparameter': [labels, decay],
  everything: inputs,
};

for (const [name, stacked] of Object.entries(variants)) {
  test(`${name}: gradients and second-order products at all points are those of each point`, (t) => {
    const points = drawPoints(stacked);
    const { nodes, feeds } = stackPoints(points);
    const vectorized = g.vectorize(roots, nodes, count);
    const actual = g.evaluate(vectorized, feeds);
    for (const [index, expected] of evaluateEach(roots, points, count).entries()) {
      t.deepEqual(vectorized[index]?.shape, [count, ...(roots[index]?.shape ?? [])]);
      const error = worstError(actual[index] ?? new Float64Array(), expected);
      t.true(error <= 1e-12, `root ${index}: error ${error}`);
    }
  });
}

test('the derivatives of the vectorized loss are the vectorized derivatives', (t) => {
  const points = drawPoints([...parameters, ...directions]);
  const { nodes, feeds } = stackPoints(points);
  const stacked = (node: g.Node): g.Node => nodes.get(node) as g.Node;
  const losses = g.vectorize([loss], nodes, count)[0] as g.Node;
  const gradients = g.gradient(g.reduceSum(losses), parameters.map(stacked));
  const products = g.hessianVectorProduct(gradients, parameters.map(stacked), directions.map(stacked));
  const actual = g.evaluate([...gradients, ...products], feeds);
  const expected = evaluateEach(roots.slice(1, 1 + actual.length), points, count);
  for (const [index, values] of expected.entries()) {
    const error = worstError(actual[index] ?? new Float64Array(), values);
    t.true(error <= 1e-12, `root ${index}: error ${error}`);
  }
});

for (const [name, stacked] of Object.entries(variants)) {
  test(`${name}: the compiled program agrees with each point in float64`, async (t) => {
    const points = drawPoints(stacked);
    const { nodes, feeds } = stackPoints(points);
    const vectorized = g.vectorize(roots, nodes, count);
    const outputs = Object.fromEntries(vectorized.map((node, index) => [`root${index}`, node]));
    using device = testDevice();
    const actual = await runNative(device, { outputs }, feeds);
    for (const [index, expected] of evaluateEach(roots, points, count).entries()) {
      const error = worstError(actual.get(`root${index}`) ?? new Float64Array(), expected);
      t.true(error <= 5e-6, `root ${index}: error ${error}`);
    }
  });
}

test('dropout: with a key for each point the engine draws what each point draws alone', async (t) => {
  const [x, key] = [g.input('x', [40]), g.input('key', [2], 'int32')];
  const keys = [1, 2, 3].map((seed) => Float64Array.of(seed, 7));
  const points = { shared: new Map([[x, new Float64Array(40).fill(1)]]), stacked: new Map([[key, keys]]) };
  const { nodes, feeds } = stackPoints(points);
  const [dropped] = g.vectorize([g.dropout(x, 0.5, key)], nodes, count) as [g.Node];
  using device = testDevice();
  const actual = (await runNative(device, { outputs: { dropped } }, feeds)).get('dropped');
  const [expected] = evaluateEach([g.dropout(x, 0.5, key)], points, count);
  t.deepEqual(actual, expected);
});
