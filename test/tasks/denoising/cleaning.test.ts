import test from 'ava';
import { findModel } from '../../../lib/network/models.js';
import { Network } from '../../../lib/onnx/index.js';
import { evaluate } from '../../../lib/solvers/index.js';
import { learnDecay } from '../../../lib/tasks/denoising/cleaning/learn-decay.js';
import { dealt, decayProblem } from '../../../lib/tasks/denoising/cleaning/problem.js';
import { Cleaning } from '../../../lib/tasks/denoising/cleaning/run.js';
import { softLabelsOf } from '../../../lib/tasks/denoising/cleaning/soft-labels.js';
import { crossFit } from '../../../lib/tasks/denoising/cross-fitting.js';
import { givenProbabilities, Trainer } from '../../../lib/tasks/denoising/trainer.js';
import { Tensor } from '../../../lib/tensor.js';
import { testDevice } from '../../support/devices.js';
import { stripes } from '../../support/stripes.js';

const device = testDevice();
test.after.always(() => device.dispose());

async function smallTrainer() {
  const train = stripes(100);
  const data = {
    classes: Array.from({ length: 10 }, (_, label) => String(label)),
    train,
    trueLabels: train.labels,
    corrupted: Tensor.zeros([100], 'bool'),
    rows: new Int32Array(100),
    validation: stripes(40),
    test: stripes(50),
  };
  const network = await Network.load(findModel('logreg'));
  const trainer = new Trainer(network, data, { trainSteps: 100, trainLearningRate: 0.01, batch: 20, seed: 0 }, device);
  return { network, data, trainer };
}

test('a decay so large that nothing is learned is lowered, and with it the cost on held-out samples', async (t) => {
  const { network, data, trainer: made } = await smallTrainer();
  using trainer = made;
  const trust = new Float64Array(100).fill(1);
  const seen: number[] = [];
  const { decay, costs, before, after, diverged } = await learnDecay(
    network,
    trainer,
    trust,
    { '1.weight': 0.5 },
    {
      iterations: 40,
      batch: 50,
      share: 1,
      device,
      signal: undefined,
      onProgress: (done) => seen.push(done),
    },
  );
  t.true((decay['1.weight'] ?? 1) < 0.2, `${decay['1.weight']}`);
  t.true((costs.at(-1) ?? 1) < 0.7 * (costs[0] ?? 0), `${costs[0]} ${costs.at(-1)}`);
  t.true(after < 0.7 * before, `${before} ${after}`);
  t.false(diverged);
  t.is(seen.at(-1), 40);
  const parameters = [network.initialParameters(), network.initialParameters()];
  const start = { decay, parameters, trainFolds: new Int32Array(100), validationFolds: undefined };
  const problem = decayProblem(network, data, trust, start, { batch: 50, seed: 0 });
  t.is(problem.lower.length, 4);
});

test('each network is judged by the samples of one fold and trained on all others', async (t) => {
  const { network, data, trainer: made } = await smallTrainer();
  using trainer = made;
  const trust = Float64Array.from({ length: 100 }, (_, row) => ((row * 37) % 100) / 100);
  const decay = { '1.weight': 0.02 };
  for (const dealValidation of [true, false]) {
    const fitted = await crossFit(trainer, { weights: trust, l2: decay, ...dealt, dealValidation });
    const problem = decayProblem(network, data, trust, { decay, ...fitted }, { batch: 100, seed: 0 });
    const initial = (list: typeof problem.upper) => Object.fromEntries(list.map((each) => [each.name, each.initial]));
    const point = { u: initial(problem.upper), v: initial(problem.lower) };
    const { f, g } = await evaluate(problem, point, { device });
    const total = 40 + trust.reduce((sum, each) => sum + each, 0);
    let [judging, training] = [0, 0];
    for (const [h, parameters] of fitted.parameters.entries()) {
      const losses = async ({ inputs, labels }: typeof data.validation): Promise<Float64Array> =>
        givenProbabilities(await trainer.probabilities(inputs, parameters), labels).map((p) => -Math.log(p));
      const all = [
        ...Array.from(await losses(data.train), (loss, row) => [fitted.trainFolds[row], (trust[row] ?? 0) * loss]),
        ...Array.from(await losses(data.validation), (loss, row) => [fitted.validationFolds?.[row], loss]),
      ] as [number | undefined, number][];
      for (const [fold, loss] of all) {
        if (fold === h) judging += (dealt.folds / dealt.networks / total) * loss;
        else training += (dealt.folds / (dealt.folds - 1) / total) * loss;
      }
      const weights = parameters['1.weight'] as Tensor<'float32'>;
      training += 0.01 * weights.data.reduce((sum, each) => sum + each ** 2, 0);
    }
    t.true(Math.abs(f / judging - 1) < 1e-4, `${f} ${judging}`);
    t.true(Math.abs(g / training - 1) < 1e-4, `${g} ${training}`);
  }
});

test('a decay is not taken where trained networks do worse with it', async (t) => {
  const { network, trainer: made } = await smallTrainer();
  using trainer = made;
  const train = trainer.train.bind(trainer);
  const coefficients: unknown[] = [];
  // As where a decay kills networks that are trained with it from their start.
  trainer.train = async (training) => {
    coefficients.push(training.l2);
    const trained = await train(training);
    const dead = coefficients.length > 2;
    return Object.fromEntries(
      Object.entries(trained).map(([name, each]) => [name, dead ? Tensor.zeros(each.shape) : each]),
    );
  };
  const decay = { '1.weight': 1e-3 };
  const given = { iterations: 3, batch: 50, share: 1, device, signal: undefined, onProgress: () => undefined };
  const learned = await learnDecay(network, trainer, new Float64Array(100).fill(1), decay, given);
  t.deepEqual(learned.decay, decay);
  t.is(learned.after, learned.before);
  t.is(coefficients.length, 8, 'two networks for each of three parts of the way');
});

test('a round whose networks predict nothing is given up, and what was trusted before stays', async (t) => {
  const { network, trainer: made } = await smallTrainer();
  using trainer = made;
  const settings = { rounds: 2, decayIterations: 0, batch: 20 };
  const cleaning = await Cleaning.prepare(network, trainer, settings);
  const before = Array.from(cleaning.trust);
  const probabilities = trainer.probabilities.bind(trainer);
  // As where training collapses: every class is as likely as any other.
  trainer.probabilities = async (...given) => {
    const { shape } = await probabilities(...given);
    return Tensor.from(new Float32Array((shape[0] ?? 0) * 10).fill(0.1), shape);
  };
  const details: (string | undefined)[] = [];
  for await (const { detail } of cleaning.steps(device, undefined, () => undefined)) details.push(detail);
  t.is(cleaning.collapsed, 2);
  t.deepEqual(Array.from(cleaning.trust), before);
  t.true(
    details.every((detail) => detail?.startsWith('given up')),
    details.join(),
  );
});

test('short trainings that do best in the first round have to do so in the second, too', async (t) => {
  const { network, trainer: made } = await smallTrainer();
  using trainer = made;
  const settings = { rounds: 3, decayIterations: 0, batch: 20 };
  const cleaning = await Cleaning.prepare(network, trainer, settings);
  const train = trainer.train.bind(trainer);
  const shares: (number | undefined)[] = [];
  // As where long trainings learn nothing of what is trusted at first.
  trainer.train = async (training) => {
    shares.push(training.share);
    return training.share === 1 && shares.length <= 8 ? network.initialParameters() : train(training);
  };
  const lengths: unknown[] = [];
  for await (const { row } of cleaning.steps(device, undefined, () => undefined)) {
    lengths.push((row as { readonly length: number }).length);
  }
  const [whole, half] = [Array(4).fill(1), Array(4).fill(0.5)];
  t.is(lengths[0], 0.5);
  t.deepEqual(shares.slice(0, 16), [...whole, ...half, ...whole, ...half]);
  t.deepEqual(shares.slice(16), Array(4).fill(lengths[1]), 'the third round keeps to one');
  t.is(lengths[2], lengths[1]);
});

test('the network learns the given label as it is trusted, and else what others predict', async (t) => {
  const predicted = Tensor.from([0.5, 0.3, 0.2, 0.9, 0.1, 0, 0, 1, 0], [3, 3]);
  const soft = softLabelsOf(predicted, Int32Array.of(0, 0, 1), Float64Array.of(0.4, 1, 0.6));
  const wanted = [0.4, 0.18, 0.12, 1, 0, 0, 0, 0.6, 0];
  t.true(
    soft.toArray().every((value, at) => Math.abs(value - (wanted[at] ?? 0)) < 1e-6),
    soft.toArray().join(),
  );
});

test('trainings on soft labels learn what these say, and leave out samples of which they say nothing', async (t) => {
  const { data, trainer: made } = await smallTrainer();
  using trainer = made;
  const given = (row: number): number => Number(data.train.labels.data[row]);
  const certain = Tensor.zeros([100, 10]);
  const weights = Float64Array.from({ length: 100 }, (_, row) => (row % 3 === 0 ? 0 : 0.5));
  for (const [row, weight] of weights.entries()) certain.data[row * 10 + given(row)] = weight;
  const [soft, hard] = [await trainer.train({ softLabels: certain, l2: 0 }), await trainer.train({ weights, l2: 0 })];
  for (const [name, { data: values }] of Object.entries(soft)) {
    const others = hard[name]?.data ?? [];
    t.true(values.length > 0 && values.every((value, at) => Math.abs(Number(value) - Number(others[at])) < 1e-4), name);
  }
  // Of two classes the given one is a quarter; nothing else is trained on.
  const mixed = Tensor.zeros([100, 10]);
  for (let row = 0; row < 100; row++) {
    mixed.data[row * 10 + given(row)] = 0.25;
    mixed.data[row * 10 + ((given(row) + 1) % 10)] = 0.75;
  }
  const parameters = await trainer.train({ softLabels: mixed, validation: () => false, l2: 0 });
  const probabilities = await trainer.probabilities(data.train.inputs, parameters);
  for (let row = 0; row < 10; row++) {
    const next = probabilities.data[row * 10 + ((given(row) + 1) % 10)] ?? 0;
    t.true(next > 0.6 && next < 0.8, `${next}`);
  }
});

test('a cleaning does not go on from the state of another run', async (t) => {
  const { network, trainer: made } = await smallTrainer();
  using trainer = made;
  const settings = { rounds: 1, decayIterations: 0, batch: 20 };
  const cleaning = await Cleaning.prepare(network, trainer, settings);
  const { tensors, values } = cleaning.save();
  const restored = await Cleaning.prepare(network, trainer, settings, { tensors, values });
  t.deepEqual(restored.trust, cleaning.trust);
  const states = [
    { tensors: new Map(), values },
    { tensors: new Map([['trust', Tensor.zeros([99])]]), values },
    { tensors: new Map([...tensors, ['train', Tensor.zeros([100, 9])]]), values },
    { tensors, values: { ...(values as object), temperature: 'hot' } },
    { tensors, values: { ...(values as object), collapsed: 'no' } },
    { tensors, values: {} },
  ];
  for (const state of states) {
    await t.throwsAsync(Cleaning.prepare(network, trainer, settings, state), { code: 'STATE_MISMATCH' });
  }
});
