import test from 'ava';
import { findModel } from '../../../lib/network/models.js';
import { Network } from '../../../lib/onnx/index.js';
import { learnDecay } from '../../../lib/tasks/denoising/cleaning/learn-decay.js';
import { decayProblem, halves, halvesOf } from '../../../lib/tasks/denoising/cleaning/problem.js';
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

test('samples are dealt out to two halves of equal size', (t) => {
  const half = halvesOf(11, 0, 'train');
  t.deepEqual(
    halves.map((which) => half.filter((each) => each === which).length),
    [6, 5],
  );
  t.deepEqual(halvesOf(11, 0, 'train'), half);
});

test('a decay so large that nothing is learned is lowered, and with it the cost on held-out samples', async (t) => {
  const { network, data, trainer: made } = await smallTrainer();
  using trainer = made;
  const trust = new Float64Array(100).fill(1);
  const seen: number[] = [];
  const { decay, costs } = await learnDecay(
    network,
    trainer,
    trust,
    { '1.weight': 0.5 },
    {
      iterations: 40,
      batch: 50,
      device,
      signal: undefined,
      onProgress: (done) => seen.push(done),
    },
  );
  t.true((decay['1.weight'] ?? 1) < 0.2, `${decay['1.weight']}`);
  t.true((costs.at(-1) ?? 1) < 0.7 * (costs[0] ?? 0), `${costs[0]} ${costs.at(-1)}`);
  t.is(seen.at(-1), 40);
  const parameters = [network.initialParameters(), network.initialParameters()];
  const problem = decayProblem(network, data, trust, { decay, parameters }, { batch: 50, seed: 0 });
  t.is(problem.lower.length, 4);
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
    { tensors: new Map([['trust', Tensor.zeros([99])]]), values },
    { tensors: new Map([...tensors, ['train', Tensor.zeros([100, 9])]]), values },
    { tensors, values: { ...(values as object), temperature: 'hot' } },
    { tensors, values: {} },
  ];
  for (const state of states) {
    await t.throwsAsync(Cleaning.prepare(network, trainer, settings, state), { code: 'STATE_MISMATCH' });
  }
});
