import test from 'ava';
import { findModel } from '../../../lib/network/models.js';
import { Network } from '../../../lib/onnx/index.js';
import { normalizedMargins, pruneByNoiseRate } from '../../../lib/tasks/denoising/baselines/confident-learning.js';
import { crossFit } from '../../../lib/tasks/denoising/cross-fitting.js';
import { foldsOf } from '../../../lib/tasks/denoising/folds.js';
import { judgeLabels } from '../../../lib/tasks/denoising/judgement.js';
import { Trainer } from '../../../lib/tasks/denoising/trainer.js';
import { Tensor } from '../../../lib/tensor.js';
import { testDevice } from '../../support/devices.js';
import { stripes } from '../../support/stripes.js';

const device = testDevice();
test.after.always(() => device.dispose());

/** @param changed a training sample that has yet another label */
async function smallTrainer(changed?: number): Promise<Trainer> {
  const train = stripes(60);
  const corrupted = Tensor.zeros([60], 'bool');
  const data = {
    classes: Array.from({ length: 10 }, (_, label) => String(label)),
    train: { inputs: train.inputs, labels: train.labels.clone() },
    trueLabels: train.labels,
    corrupted,
    rows: Int32Array.from({ length: 60 }, (_, row) => row),
    validation: stripes(20),
    test: stripes(50),
  };
  for (const row of [3, 17, 40]) {
    data.train.labels.data[row] = ((train.labels.data[row] ?? 0n) + 1n) % 10n;
    corrupted.data[row] = 1;
  }
  if (changed !== undefined) data.train.labels.data[changed] = ((train.labels.data[changed] ?? 0n) + 3n) % 10n;
  const settings = { trainSteps: 50, trainLearningRate: 0.01, batch: 20, seed: 0 };
  return new Trainer(await Network.load(findModel('logreg')), data, settings, device);
}

test('rows are dealt out to folds of equal size, by seed and purpose', (t) => {
  const folds = foldsOf(10, 3, 1, 'a');
  const sizes = [0, 1, 2].map((fold) => folds?.filter((each) => each === fold).length);
  t.deepEqual(sizes, [4, 3, 3]);
  t.deepEqual(foldsOf(10, 3, 1, 'a'), folds);
  t.notDeepEqual(foldsOf(10, 3, 1, 'b'), folds);
  t.notDeepEqual(foldsOf(10, 3, 2, 'a'), folds);
  t.is(foldsOf(2, 3, 0, 'a'), undefined);
});

test("a sample's out-of-fold probabilities do not depend on its own label, those of others do", async (t) => {
  using trainer = await smallTrainer();
  const { train: before } = await crossFit(trainer, { l2: 1e-3 });
  using other = await smallTrainer(5);
  const { train: after } = await crossFit(other, { l2: 1e-3 });
  const row = (of: Tensor<'float32'>, at: number): Float32Array => of.data.slice(10 * at, 10 * at + 10);
  t.deepEqual(row(after, 5), row(before, 5));
  const changed = Array.from({ length: 60 }, (_, at) => at).filter((at) =>
    row(after, at).some((p, c) => p !== row(before, at)[c]),
  );
  t.true(changed.length >= 40, `${changed.length}`); // all but those of the same fold
});

test('samples of weight 0 are left out, and a larger penalty makes smaller weights', async (t) => {
  using trainer = await smallTrainer();
  const weights = new Float64Array(60);
  const trained = await trainer.train({ weights, l2: 0 });
  using other = await smallTrainer(5);
  t.deepEqual(await other.train({ weights, l2: 0 }), trained);
  t.notDeepEqual(await other.train({ l2: 0 }), await trainer.train({ l2: 0 }));
  t.is(await trainer.accuracy(trained), 100);
  const size = (parameters: typeof trained): number =>
    Math.hypot(...Object.values(parameters).flatMap((each) => each.toArray()));
  t.true(size(await trainer.train({ weights, l2: 1 })) < 0.8 * size(trained));
});

test('normalized margins and the numbers of the confident joint, by hand', (t) => {
  const probabilities = Tensor.from(
    [
      [0.9, 0.1],
      [0.8, 0.2],
      [0.3, 0.7],
      [0.2, 0.8],
      [0.1, 0.9],
      [0.75, 0.25],
    ].flat(),
    [6, 2],
  );
  const labels = Int32Array.of(0, 0, 0, 1, 1, 1);
  const margins = normalizedMargins(probabilities, labels);
  t.deepEqual(
    [...margins].map((margin) => Number(margin.toFixed(4))),
    [0.9, 0.8, 0.3, 0.8, 0.9, 0.25],
  );
  // Thresholds 2/3 and 0.65: of the labels 0, two are confidently 0 and one 1; of the labels 1 two and one.
  t.deepEqual([...pruneByNoiseRate(probabilities, labels)], [0, 0, 1, 0, 0, 1]);
});

test('labels are judged by rank and by what was flagged', (t) => {
  t.deepEqual(judgeLabels([0.1, 0.9, 0.8, 0.2], [1, 0, 1, 1], [1, 0, 0, 1]), {
    auc: 1,
    precision: 200 / 3,
    recall: 100,
  });
});
