import test from 'ava';
import { methodNames } from '../../lib/solvers/index.js';
import {
  type Budget,
  ComparisonRun,
  type Curve,
  comparedMethods,
  type Measurement,
  type MethodRun,
  meanAt,
  meanUntil,
  methodRun,
  readCurve,
  valueAt,
} from '../../lib/tasks/comparison/index.js';
import { Evaluation } from '../../lib/tasks/hyper-cleaning/evaluation.js';
import {
  checkClaims,
  type HyperCleaningData,
  hyperCleaning,
  loadHyperCleaningData,
  publishedLosses,
  type TaskSettings,
  validateTask,
} from '../../lib/tasks/hyper-cleaning/index.js';
import { initialWeights } from '../../lib/tasks/hyper-cleaning/problem.js';
import type { Tensor } from '../../lib/tensor.js';
import { testDevice } from '../support/devices.js';

const device = testDevice();
test.after.always(() => device.dispose());

const task = validateTask({ train: 300, validation: 1000, noise: 0.1 });
const measurements = 5;
const loading = loadHyperCleaningData(task);
const budget: Budget = { unit: 'evaluations', amount: 120 };

/** A method of the comparison on mini-batches that suit so few samples. */
const small = (method: string) => ({ ...methodRun(hyperCleaning, method), batch: 50 });

type Earlier = ConstructorParameters<typeof ComparisonRun>[4];

/** A run of the task with a budget. */
function begin(
  data: HyperCleaningData,
  method: MethodRun,
  limit: Budget = budget,
  earlier?: Earlier,
): ComparisonRun<TaskSettings, HyperCleaningData> {
  const inputs = { settings: task, data, device };
  return new ComparisonRun(hyperCleaning, inputs, method, { budget: limit, measurements }, earlier);
}

async function curveOf(run: ComparisonRun<TaskSettings, HyperCleaningData>): Promise<Measurement[]> {
  const curve: Measurement[] = [];
  for await (const { row } of run.steps()) curve.push(row);
  return curve;
}

/** Without the seconds, which no two runs share. */
const comparable = (curve: Curve) => curve.map(({ seconds: _, ...rest }) => rest);

test('labels are made wrong once, by the seed alone, and only those of the training samples', async (t) => {
  const [data, again] = [await loading, await loadHyperCleaningData(task)];
  t.deepEqual(again.train.labels, data.train.labels);
  const other = await loadHyperCleaningData({ ...task, seed: 1 });
  t.notDeepEqual(other.corrupted, data.corrupted);
  t.deepEqual(other.trueLabels, data.trueLabels);
  t.deepEqual(other.validation, data.validation);
  const differing = data.trueLabels.toArray().map((label, row) => label !== data.train.labels.toArray()[row]);
  t.deepEqual(differing, [...data.corrupted.data].map(Boolean));
  t.is(differing.filter(Boolean).length, 30);
  for (const label of data.train.labels.toArray()) t.true(label >= 0 && label <= 9);
});

test('pixels are normalised, the last column is the bias, and no sample is in two parts', async (t) => {
  const data = await loading;
  const { inputs } = data.train;
  t.deepEqual(inputs.shape, [300, 785]);
  const row = inputs.toArray().slice(0, 785);
  t.is(row[784], 1);
  t.true(Math.abs((row[0] ?? 0) + 0.1307 / 0.3081) < 1e-6); // a black corner
  t.true(Math.max(...row) < (1 - 0.1307) / 0.3081 + 1e-6 && Math.max(...row) > 2);
  const keys = (tensor: Tensor): string[] =>
    Array.from({ length: tensor.shape[0] ?? 0 }, (_, sample) =>
      tensor.data.subarray(sample * 785, (sample + 1) * 785).join(),
    );
  const trained = new Set(keys(inputs));
  for (const sample of keys(data.validation.inputs)) t.false(trained.has(sample));
});

test('more samples than there are, and wrong options, are refused', async (t) => {
  await t.throwsAsync(loadHyperCleaningData({ ...task, train: 59_001 }), {
    code: 'INVALID_ARGUMENT',
    message: /at most the 60000 samples there are for train \+ validation but received 60001/,
  });
  t.throws(() => validateTask({ noise: 2 }), { code: 'INVALID_ARGUMENT', message: /noise of compare/ });
  t.throws(() => methodRun(hyperCleaning, 'vrb'), { code: 'INVALID_ARGUMENT', message: /Did you mean vrbo/ });
});

test('the first model is normal with variance 2 / classes', (t) => {
  const w = initialWeights(10, 785, 3).toArray();
  t.deepEqual(initialWeights(10, 785, 3).toArray(), w);
  const mean = w.reduce((sum, each) => sum + each, 0) / w.length;
  const variance = w.reduce((sum, each) => sum + (each - mean) ** 2, 0) / w.length;
  // Three standard errors of 7,850 draws.
  t.true(Math.abs(mean) < 3 * Math.sqrt(0.2 / 7850), `${mean}`);
  t.true(Math.abs(variance - 0.2) < 3 * 0.2 * Math.sqrt(2 / 7850), `${variance}`);
});

/** Mean cross-entropy and accuracy of a linear model, in float64. */
function reference(w: readonly number[], { data: inputs }: Tensor, labels: readonly number[]) {
  const rows = labels.map((label, row) => {
    const scores = Array.from({ length: 10 }, (_, each) =>
      Array.from({ length: 785 }, (_, k) => Number(inputs[row * 785 + k]) * (w[each * 785 + k] ?? 0)).reduce(
        (a, b) => a + b,
        0,
      ),
    );
    const largest = Math.max(...scores);
    const loss =
      largest + Math.log(scores.reduce((sum, score) => sum + Math.exp(score - largest), 0)) - (scores[label] ?? 0);
    return { loss, right: scores.indexOf(largest) === label };
  });
  return {
    loss: rows.reduce((sum, { loss }) => sum + loss, 0) / rows.length,
    accuracy: rows.filter(({ right }) => right).length / rows.length,
  };
}

test('losses and accuracy are those of a reference in float64', async (t) => {
  const data = await loading;
  using evaluation = new Evaluation(data, device);
  const w = initialWeights(10, 785, 5);
  const quality = await evaluation.of(w);
  const near = (actual: number, expected: number): void => {
    t.true(Math.abs(actual - expected) < 2e-6 * expected, `${actual}, not ${expected}`);
  };
  const weights = w.toArray();
  near(quality.trainingLoss, reference(weights, data.train.inputs, data.trueLabels.toArray()).loss);
  near(quality.givenLoss, reference(weights, data.train.inputs, data.train.labels.toArray()).loss);
  const tested = reference(weights, data.test.inputs, data.test.labels.toArray());
  near(quality.testLoss, tested.loss);
  near(quality.testAccuracy, tested.accuracy);
});

for (const method of ['gd', 'penalty', 'aidCg', 'soba']) {
  test(`${method}: losses fall, measurements fill the budget, and the same seed gives the same curve`, async (t) => {
    const data = await loading;
    using run = begin(data, small(method));
    const curve = await curveOf(run);
    const [first, last] = [curve[0], curve.at(-1)];
    t.like(first, { iteration: 0, seconds: 0, evaluations: 0 });
    t.true(curve.length >= 2 && curve.length <= measurements + 1);
    for (const [index, { evaluations, iteration }] of curve.entries()) {
      const before = curve[index - 1];
      t.true(before === undefined || (evaluations > before.evaluations && iteration > before.iteration));
    }
    t.true((last?.evaluations ?? 0) >= budget.amount);
    t.true((curve.at(-2)?.evaluations ?? 0) < budget.amount);
    for (const loss of ['trainingLoss', 'givenLoss', 'testLoss'] as const) {
      t.true(
        (last?.[loss] ?? Number.NaN) < 0.9 * (first?.[loss] ?? Number.NaN),
        `${loss}: ${first?.[loss]} to ${last?.[loss]}`,
      );
    }
    using repeated = begin(data, small(method));
    t.deepEqual(comparable(await curveOf(repeated)), comparable(curve));
  });
}

test('a run that goes on from where it was saved is as if it had never stopped', async (t) => {
  const data = await loading;
  using whole = begin(data, small('soba'));
  const curve = await curveOf(whole);
  using first = begin(data, small('soba'));
  const part: Measurement[] = [];
  for await (const { row } of first.steps()) {
    part.push(row);
    if (part.length === 3) break;
  }
  const { tensors, values } = first.save();
  const state = { tensors: new Map([...tensors].map(([name, tensor]) => [name, tensor.clone()])), values };
  const measurement = part.at(-1);
  t.truthy(measurement);
  if (measurement === undefined) return;
  using second = begin(data, small('soba'), budget, { state, measurement });
  t.deepEqual(comparable([...part, ...(await curveOf(second))]), comparable(curve));
  const weights = (run: typeof whole) => run.save().tensors.get('u/x')?.toArray();
  t.truthy(weights(whole));
  t.deepEqual(weights(second), weights(whole));
  // What has used up its budget does nothing; a larger one goes on.
  t.deepEqual(await curveOf(second), []);
  const end = { state: second.save(), measurement: curve.at(-1) as Measurement };
  using third = begin(data, small('soba'), { unit: 'evaluations', amount: 200 }, end);
  const further = await curveOf(third);
  t.true((further.at(-1)?.evaluations ?? 0) >= 200 && (further[0]?.evaluations ?? 0) > budget.amount);
});

test('weights learn to tell wrong labels', async (t) => {
  using cleaning = begin(await loading, methodRun(hyperCleaning, 'aidCg'), { unit: 'evaluations', amount: 800 });
  const curve = await curveOf(cleaning);
  t.is(curve[0]?.auc, 0.5);
  // Without knowledge of 30 wrong among 300 labels the deviation of the AUC from 0.5 is 0.055.
  t.true((curve.at(-1)?.auc ?? 0) > 0.75, `${curve.at(-1)?.auc}`);
});

test('a method that cannot solve the problem says why', async (t) => {
  const data = await loading;
  t.throws(() => begin(data, small('stable')), { message: /stable.*7850/ });
});

test('every method with settings of its own is one, and takes them', (t) => {
  const compared = comparedMethods(hyperCleaning);
  for (const name of compared) t.true(methodNames.includes(name), name);
  for (const name of Object.keys(hyperCleaning.methods)) {
    const { options, chosen, batch, source } = methodRun(hyperCleaning, name);
    for (const key of Object.keys(chosen)) t.true(Object.hasOwn(options, key), `${name}.${key}`);
    t.true(batch >= 1 && source.length > 10);
  }
  for (const name of Object.keys(publishedLosses(validateTask({})))) t.true(compared.includes(name), name);
  t.deepEqual(publishedLosses(task), {});
});

const quantities = Object.keys(hyperCleaning.quantities);

const point = (seconds: number, trainingLoss: number): Measurement => ({
  iteration: seconds,
  seconds,
  evaluations: 10 * seconds,
  trainingLoss,
  givenLoss: 0,
  testLoss: 0,
  testAccuracy: 0,
  auc: Number.NaN,
});

test('values between measurements lie on the line between them, and beyond the last there are none', (t) => {
  const curve = [point(0, 20), point(1, 10), point(3, 4)];
  t.deepEqual(
    [0, 0.5, 1, 2, 3].map((seconds) => valueAt(curve, 'trainingLoss', 'seconds', seconds)),
    [20, 15, 10, 7, 4],
  );
  t.is(valueAt(curve, 'trainingLoss', 'evaluations', 20), 7);
  t.is(valueAt(curve, 'trainingLoss', 'seconds', 3.1), undefined);
  t.is(valueAt([], 'trainingLoss', 'seconds', 0), undefined);
  t.is(meanAt([curve, [point(0, 10), point(2, 0)]], 'trainingLoss', 'seconds', 1), 7.5);
  t.is(meanAt([curve, [point(0, 10), point(2, 0)]], 'trainingLoss', 'seconds', 3), undefined);
  t.is(meanUntil([curve], 'trainingLoss', 7, 'seconds'), 2);
  t.is(meanUntil([curve, [point(0, 10), point(2, 0)]], 'trainingLoss', 5, 'evaluations'), (10 + 50 / 3 + 10) / 2);
  t.is(meanUntil([curve], 'trainingLoss', 20, 'seconds'), 0);
  t.is(meanUntil([curve], 'trainingLoss', 3.9, 'seconds'), undefined);
  t.deepEqual(readCurve(JSON.parse(JSON.stringify(curve)), quantities, 'run'), curve);
  t.throws(() => readCurve([{ iteration: 1 }], quantities, 'run'), {
    code: 'INVALID_FILE',
    message: /Line 1 .* in run .* seconds/,
  });
});

test('the claims of the paper hold or do not, by the losses of those that took part', (t) => {
  const verdicts = (losses: Readonly<Record<string, readonly number[]>>) =>
    checkClaims(new Map(Object.entries(losses))).map(({ text, holds }) => [text, holds]);
  t.deepEqual(verdicts({ vrbo: [2, 1], mrbo: [4, 3], stocbio: [1, 2], sustain: [5, 4], mstsa: [6, 2] }), [
    ['VRBO is the fastest', false],
    ['VRBO is ahead of the other momentum methods', true],
    ['MRBO is ahead of the other momentum methods', false],
  ]);
  t.deepEqual(verdicts({ vrbo: [1], stocbio: [2] }), [['VRBO is the fastest', true]]);
  t.deepEqual(verdicts({ vrbo: [1], stocbio: [1] }), [['VRBO is the fastest', false]]);
  t.deepEqual(verdicts({ stocbio: [2] }), []);
});

test('a run ends with what its u is worth: f where v has been trained anew on g alone', async (t) => {
  const data = await loading;
  const responses: number[] = [];
  for (const amount of [40, 400]) {
    using run = begin(data, small('soba'), { unit: 'evaluations', amount });
    const curve = await curveOf(run);
    const { response, responseResidual } = await run.end();
    t.true(responseResidual <= 1e-3, `${responseResidual}`);
    t.not(response, curve.at(-1)?.givenLoss);
    const again = await run.end();
    t.deepEqual(again, { response, responseResidual });
    responses.push(response);
  }
  const [first = 0, last = 0] = responses;
  t.true(last < first, `${first}, then ${last}`);
});
