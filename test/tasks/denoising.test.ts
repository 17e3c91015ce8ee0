import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { compile } from '../../lib/compile/index.js';
import { constant, crossEntropy, gradient, input } from '../../lib/graph/index.js';
import { Classifier, checkFit, filterSamples, joinSamples, trainClassifier } from '../../lib/network/classifier.js';
import { weightedMean } from '../../lib/network/importance.js';
import { findModel, modelNames } from '../../lib/network/models.js';
import { Network } from '../../lib/onnx/index.js';
import type { PenaltyOptions } from '../../lib/solvers/index.js';
import { StepProgram } from '../../lib/solvers/machine/step-program.js';
import {
  initialImportance,
  loadDenoisingInputs,
  publishedAccuracies,
  rescaleImportance,
  validateSettings,
  weightsOf,
} from '../../lib/tasks/denoising/index.js';
import { Tensor } from '../../lib/tensor.js';
import { testDevice } from '../support/devices.js';
import { buildModel, encode, int64s, type TestModel, tensor } from '../support/onnx/builder.js';
import { stripes } from '../support/stripes.js';
import { withTemporary } from '../support/temporary.js';

const device = testDevice();
test.after.always(() => device.dispose());

test('settings choose defaults, which options given by themselves override', (t) => {
  const tuned = validateSettings({});
  t.is(tuned.task.epochs, 20);
  t.is(tuned.method.upperLearningRate.at(0), 0.05);
  const authors = validateSettings({ settings: 'authors', lowerSteps: 5, seed: undefined });
  t.is(authors.task.epochs, 100);
  t.is(authors.method.upperLearningRate.at(0), 3);
  t.is(authors.method.slots, 'batch');
  t.is((authors.method as PenaltyOptions).convergenceTest, 'squaredNorms');
  t.is(authors.method.lowerSteps, 5);
  t.is(authors.task.seed, 0);
});

test('each method of the paper form has options of its own', (t) => {
  const { task, method } = validateSettings({ method: 'approxGrad', linearSteps: 3, lowerSteps: 2 });
  t.is(task.method, 'approxGrad');
  t.like(method, { linearSteps: 3, lowerSteps: 2, slots: 'sample' });
  const authors = validateSettings({ method: 'approxGrad', settings: 'authors' });
  t.is(authors.task.epochs, 100);
  t.is(authors.method.upperLearningRate.at(0), 1);
  t.throws(() => validateSettings({ method: 'approxGrad', gamma: 1 }), { code: 'UNKNOWN_OPTION', message: /gamma/ });
  t.throws(() => validateSettings({ linearSteps: 3 }), { code: 'UNKNOWN_OPTION', message: /linearSteps/ });
});

test('settings that do not exist or do not fit are refused', (t) => {
  const given: object = { epoch: 3 };
  t.throws(() => validateSettings(given), { code: 'UNKNOWN_OPTION', message: /Did you mean epochs\?/ });
  t.throws(() => validateSettings({ noise: 2 }), { code: 'INVALID_ARGUMENT', message: /the option noise of denoise/ });
  for (const sizes of [{ train: 10 }, { validation: 10 }]) {
    const error = {
      code: 'INVALID_ARGUMENT',
      message: /at most 10, .* for the option batch of denoise but received 11/,
    };
    t.throws(() => validateSettings({ ...sizes, batch: 11 }), error);
    t.notThrows(() => validateSettings({ ...sizes, batch: 10 }));
    t.is(validateSettings(sizes).task.batch, 10);
  }
  t.is(validateSettings({}).task.batch, 200);
});

test('published accuracies belong to their experiment alone', (t) => {
  t.is(publishedAccuracies(validateSettings({}))?.accuracies.penalty, 90.77);
  t.is(publishedAccuracies(validateSettings({ noise: 0.3 })), undefined);
  const colours = { data: 'cifar10', network: 'cifar-cnn', train: 40_000, validation: 10_000, noise: 0.25 };
  t.is(publishedAccuracies(validateSettings(colours))?.accuracies.approxGrad, 71.59);
  t.is(publishedAccuracies(validateSettings({ noiseKind: 'pair-flip' })), undefined);
  const full = { network: 'mnist-cnn', train: 59_000, validation: 1000, noise: 0.25 };
  t.is(publishedAccuracies(validateSettings(full))?.accuracies.oracle, 99.3);
});

test('networks come by name or as a file', (t) => {
  t.true(modelNames().includes('logreg'));
  t.true(findModel('logreg').endsWith('logreg.onnx'));
  t.is(findModel('my/own.onnx'), 'my/own.onnx');
  t.throws(() => findModel('own'), { code: 'INVALID_ARGUMENT', message: /logreg, .* or the path of an \.onnx file/ });
});

test('importances start from agreement and are scaled to mean 1/2 within their range', (t) => {
  const labels = Tensor.from([1, 2, 3], [3], 'int64');
  const importance = initialImportance(Int32Array.of(1, 0, 3), labels, { agreeing: 0.6, disagreeing: 0.4 });
  const rounded = (weights: Float64Array): number[] => [...weights].map((weight) => Number(weight.toFixed(6)));
  t.deepEqual(rounded(weightsOf(importance)), [0.6, 0.4, 0.6]);
  rescaleImportance(importance);
  t.deepEqual(rounded(weightsOf(importance)), [0.5625, 0.375, 0.5625]);
  importance.data.set([20, -20, -20]); // weights 1, 0, 0: scaled they would be 1.5, 0, 0
  rescaleImportance(importance);
  t.deepEqual(rounded(weightsOf(importance)), [0.99999, 0.00001, 0.00001]);
});

test('a training makes the steps asked for and leaves its start alone', async (t) => {
  const network = await Network.load(findModel('logreg'));
  const initial = network.initialParameters();
  const samples = stripes(30);
  const options = { learningRate: 0.01, batch: 10, seed: 0 };
  const distance = async (steps: number): Promise<number> => {
    const trained = await trainClassifier(network, samples, initial, { ...options, steps }, device);
    const pairs = Object.entries(trained).map(([name, { data }]) => [data, initial[name]?.data] as const);
    return Math.max(
      ...pairs.flatMap(([after, before]) => [...after].map((x, i) => Math.abs(Number(x) - Number(before?.[i])))),
    );
  };
  // Adam's first step moves a weight by the learning rate.
  const first = await distance(1);
  t.true(first > 0.0099 && first < 0.0101, `${first}`);
  t.deepEqual(initial, network.initialParameters());

  using classifier = new Classifier(network, device);
  const trained = await trainClassifier(network, samples, initial, { ...options, steps: 120 }, device);
  const test = stripes(257); // more than a chunk, and no multiple of one
  t.deepEqual([...(await classifier.predict(test.inputs, trained))], test.labels.toArray());
  t.is(await classifier.accuracy(test, trained), 1);
  t.true((await classifier.accuracy(test, initial)) < 0.5);
  const signal = AbortSignal.abort();
  await t.throwsAsync(trainClassifier(network, samples, initial, { ...options, steps: 120, signal }, device), {
    code: 'ABORTED',
  });
});

test('samples are joined and filtered with their labels', (t) => {
  const all = stripes(5);
  const odd = filterSamples(all, (row) => row % 2 === 1);
  t.deepEqual(odd.labels.toArray(), [7, 1]);
  t.deepEqual(odd.inputs.shape, [2, 1, 28, 28]);
  const joined = joinSamples(odd, all);
  t.deepEqual(joined.labels.toArray(), [7, 1, 0, 7, 4, 1, 8]);
  t.deepEqual(joined.inputs.toArray(), [...odd.inputs.toArray(), ...all.inputs.toArray()]);
  t.is(filterSamples(all, () => false).labels.size, 0);
});

test('a network must fit the images and the classes', async (t) => {
  const network = await Network.load(findModel('logreg'));
  t.notThrows(() => checkFit(network, [1, 28, 28], 10));
  t.throws(() => checkFit(network, [3, 32, 32], 10), {
    code: 'SHAPE_MISMATCH',
    message: /the data have \[3, 32, 32\]/,
  });
  t.throws(() => checkFit(network, [1, 28, 28], 7), { code: 'SHAPE_MISMATCH', message: /\[2, 7\] logits are needed/ });
});

/** Rows of images, of any height, to ten scores, and to one. */
const heads: TestModel = {
  inputs: { x: { shape: ['batch', 1, 'height', 28] } },
  initializers: {
    a: tensor(new Array(280).fill(0.1), [28, 10]),
    b: tensor(new Array(28).fill(0.1), [28, 1]),
    axes: int64s([1, 2]),
  },
  nodes: [
    { op: 'ReduceMean', inputs: ['x', 'axes'], outputs: ['h'], attributes: { keepdims: 0 } },
    { op: 'MatMul', inputs: ['h', 'b'], outputs: ['score'] },
    { op: 'MatMul', inputs: ['h', 'a'], outputs: ['logits'] },
  ],
  outputs: ['score', 'logits'],
  opset: 18,
};

test('an output that does not fit is refused with those that may, and one can be chosen', async (t) => {
  const first = await Network.load(encode(buildModel(heads)));
  t.throws(() => checkFit(first, [1, 28, 28], 10), {
    code: 'SHAPE_MISMATCH',
    message: /float32\[2, 1\].*\[2, 10\] logits are needed.*"score"; the option output chooses another: "logits"/,
  });
  await withTemporary(async (folder) => {
    const path = join(folder, 'heads.onnx');
    await writeFile(path, encode(buildModel(heads)));
    const small = { network: path, train: 200, validation: 200 };
    const { network } = await loadDenoisingInputs(validateSettings({ ...small, output: 'logits' }), device);
    t.deepEqual(network.outputs, ['logits']);
    await t.throwsAsync(loadDenoisingInputs(validateSettings(small), device), { code: 'SHAPE_MISMATCH' });
  });
});

test('a network of tokens or of several inputs is refused by what it takes', async (t) => {
  const gathered: TestModel = {
    inputs: { tokens: { type: 'int64', shape: ['batch', 5] } },
    initializers: { table: tensor([1, 2, 3], [3]) },
    nodes: [{ op: 'Gather', inputs: ['table', 'tokens'], outputs: ['y'] }],
    outputs: ['y'],
  };
  const tokens = await Network.load(encode(buildModel(gathered)));
  t.throws(() => checkFit(tokens, [5], 5), {
    code: 'SHAPE_MISMATCH',
    message: /int64 inputs of shape \[5\].*float32 \[5\]/,
  });
  const two = await Network.load(
    encode(
      buildModel({
        inputs: { x: { shape: ['batch', 5] }, scale: { shape: ['batch', 1] } },
        nodes: [{ op: 'Mul', inputs: ['x', 'scale'], outputs: ['y'] }],
        outputs: ['y'],
      }),
    ),
  );
  t.throws(() => checkFit(two, [5], 5), {
    code: 'INVALID_ARGUMENT',
    message: /inputs "x", "scale" but the data have one/,
  });
});

test('the derivative by an importance keeps its digits where the weight is close to 0', async (t) => {
  const importances = [-8, -9.5, -20, 0.5, 4];
  const losses = [2, 0.5, 1, 0.1, 3];
  // Two logits of difference d with the label 0 have the cross-entropy log(1 + exp(-d)).
  const logits = losses.flatMap((loss) => [-Math.log(Math.expm1(loss)), 0]);
  const u = input('u', [losses.length]);
  const labels = constant(
    losses.map(() => 0),
    [losses.length],
    'int64',
  );
  const cost = weightedMean(crossEntropy(constant(logits, [losses.length, 2]), labels), u);
  const [derivative] = gradient(cost, [u]);
  if (derivative === undefined) throw new Error('There is no derivative.');
  const spec = { outputs: { derivative } };
  using program = new StepProgram(device, spec, compile(spec));
  await program.run([{ u: Tensor.from(importances) }]);
  const weights = importances.map((value) => 1 / (1 + Math.exp(-2 * value)));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const mean = weights.reduce((sum, weight, at) => sum + weight * (losses[at] ?? Number.NaN), 0) / total;
  for (const [at, value] of (program.output('derivative')?.toArray() ?? []).entries()) {
    const weight = weights[at] ?? Number.NaN;
    const expected = (2 * weight * (1 - weight) * ((losses[at] ?? Number.NaN) - mean)) / total;
    t.true(Math.abs(value / expected - 1) < 1e-4, `at ${importances[at]}: ${value}, not ${expected}`);
  }
});
