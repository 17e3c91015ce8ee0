import test from 'ava';
import { rocAuc } from '../../../lib/data/detection.js';
import { Random } from '../../../lib/data/random.js';
import {
  atTemperature,
  bestTemperature,
  expectationMaximization,
  fitNoise,
} from '../../../lib/tasks/denoising/cleaning/noise-model.js';
import { fitNoiseWithPairs } from '../../../lib/tasks/denoising/cleaning/noise-pairs.js';
import { Tensor } from '../../../lib/tensor.js';

const classes = 5;

/** Samples of known probabilities, right labels drawn from them, and labels of which a share is replaced by `wrong`. */
function drawn(count: number, rate: number, wrong: (p: readonly number[], label: number, random: Random) => number) {
  const random = Random.fromSeed(3, 'noise model');
  const probabilities = Tensor.zeros([count, classes]);
  const labels = new Int32Array(count);
  const isWrong = new Uint8Array(count);
  for (let row = 0; row < count; row++) {
    const powers = Array.from({ length: classes }, () => Math.exp(3 * random.normal()));
    const sum = powers.reduce((partial, each) => partial + each, 0);
    const p = powers.map((each) => each / sum);
    probabilities.data.set(p, row * classes);
    const label = pick(p, random);
    isWrong[row] = Number(random.uniform() < rate);
    labels[row] = isWrong[row] ? wrong(p, label, random) : label;
  }
  return { probabilities, labels, isWrong };
}

function pick(weights: readonly number[], random: Random): number {
  let rest = random.uniform() * weights.reduce((sum, each) => sum + each, 0);
  return Math.max(
    0,
    weights.findIndex((weight) => {
      rest -= weight;
      return rest < 0;
    }),
  );
}

const mechanisms = {
  symmetric: (_: readonly number[], label: number, random: Random) =>
    (label + 1 + random.integer(classes - 1)) % classes,
  table: (_: readonly number[], label: number) => (label + 1) % classes,
  confusions: (p: readonly number[], label: number, random: Random) =>
    pick(
      p.map((each, c) => (c === label ? 0 : each)),
      random,
    ),
} as const;

for (const [mechanism, wrong] of Object.entries(mechanisms)) {
  test(`noise by ${mechanism} is recognized, with its rate, and trust is calibrated`, (t) => {
    const { probabilities, labels, isWrong } = drawn(4000, 0.3, wrong);
    const { model, trust } = fitNoise(probabilities, labels);
    t.log(model.rate, model.shares);
    t.true(Math.abs(model.rate - 0.3) < 0.04, `${model.rate}`);
    t.true(model.shares[mechanism as keyof typeof mechanisms] > 0.75);
    // Of the labels that are trusted to 0.1 to 0.3, and to 0.7 to 0.9, about so many are right.
    for (const [low, high] of [
      [0.1, 0.3],
      [0.7, 0.9],
    ] as const) {
      const rows = [...trust.keys()].filter((row) => (trust[row] ?? 0) > low && (trust[row] ?? 0) < high);
      const right = rows.filter((row) => !isWrong[row]).length / rows.length;
      t.true(rows.length > 40 && right > low - 0.1 && right < high + 0.1, `${right} of ${rows.length}`);
    }
  });
}

test('without a wrong label almost none is taken for one', (t) => {
  const { probabilities, labels } = drawn(2000, 0, mechanisms.symmetric);
  const { model, trust } = fitNoise(probabilities, labels);
  t.true(model.rate < 0.03, `${model.rate}`);
  t.true(trust.filter((each) => each < 0.5).length < 40);
});

test('temperatures sharpen and soften, and the one that made the labels is found again', (t) => {
  const { probabilities, labels } = drawn(4000, 0, mechanisms.symmetric);
  t.is(bestTemperature(probabilities, labels), bestTemperature(probabilities, [...labels].map(BigInt)));
  const softened = atTemperature(probabilities, 2);
  t.true(Math.abs(bestTemperature(softened, labels) - 0.5) < 0.05, `${bestTemperature(softened, labels)}`);
  const [row] = [atTemperature(Tensor.from([0.1, 0.9], [1, 2]), 0.5).toArray()];
  t.true(Math.abs((row?.[0] ?? 0) - 0.01 / 0.82) < 1e-6);
});

test('a few mistakes of one pair of classes are recognized among mistakes of other kinds, and no pair where there is none', (t) => {
  const { probabilities, labels, isWrong } = drawn(4000, 0.02, mechanisms.symmetric);
  t.deepEqual(fitNoiseWithPairs(probabilities, labels).model.pairs, []);
  const random = Random.fromSeed(4, 'pair');
  const some = labels.map((label) => (label === 1 && random.uniform() < 0.2 ? 3 : label));
  const changed = isWrong.map((mark, row) => Number(mark === 1 || some[row] !== labels[row]));
  const { model, trust } = fitNoiseWithPairs(probabilities, some);
  t.deepEqual(
    model.pairs.map(({ from, to }) => [from, to]),
    [[1, 3]],
  );
  t.true(Math.abs((model.pairs[0]?.share ?? 0) - 0.2) < 0.05, `${model.pairs[0]?.share}`);
  const auc = (values: Float64Array): number =>
    rocAuc(
      values.map((value) => -value),
      changed,
    );
  t.true(auc(trust) > auc(expectationMaximization(probabilities, some, {}).trust) + 0.01);
});
