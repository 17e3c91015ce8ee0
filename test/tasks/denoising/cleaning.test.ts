import test from 'ava';
import { findModel } from '../../../lib/network/models.js';
import { Network } from '../../../lib/onnx/index.js';
import { learnDecay } from '../../../lib/tasks/denoising/cleaning/learn-decay.js';
import { decayProblem } from '../../../lib/tasks/denoising/cleaning/problem.js';
import { Cleaning } from '../../../lib/tasks/denoising/cleaning/run.js';
import { Trainer } from '../../../lib/tasks/denoising/trainer.js';
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
