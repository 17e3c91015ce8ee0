import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { Random } from '../../lib/data/random.js';
import { loadModel } from '../../lib/network/models.js';
import { mean } from '../../lib/numbers.js';
import { evaluate, respond, type SavedState } from '../../lib/solvers/index.js';
import { runStudy } from '../../lib/study/index.js';
import {
  type Attack,
  beginAttack,
  drawPoints,
  hasRunAway,
  loadPoisoningInputs,
  type Measured,
  type PoisoningInputs,
  type PoisoningRow,
  PoisoningRun,
  poisoningStudy,
  validateProblem,
  validateStudy,
} from '../../lib/tasks/poisoning/index.js';
import { Tensor } from '../../lib/tensor.js';
import { bilevel, errorOf } from '../support/command-line.js';
import { testDevice } from '../support/devices.js';
import { withTemporary } from '../support/temporary.js';

const device = testDevice();
test.after.always(() => device.dispose());

const signal = new AbortController().signal;
const resources = { device, signal, report: () => undefined };
const random = Random.fromSeed(1, 'images');

const images = (count: number, classes: number) => ({
  inputs: Tensor.from(
    Float32Array.from({ length: 4 * count }, () => random.uniform()),
    [count, 1, 2, 2],
  ),
  labels: Tensor.from(
    Array.from({ length: count }, (_, row) => row % classes),
    [count],
    'int64',
  ),
});

/** Images of 2 x 2 pixels and three classes. */
async function tiny(): Promise<PoisoningInputs> {
  const network = await loadModel('logreg', { inputShape: [1, 2, 2], classes: 3 });
  return { network, classes: ['a', 'b', 'c'], train: images(12, 3), validation: images(9, 3), test: images(9, 3) };
}

const tinySettings = (attack: string) => validateProblem({ attack, from: 2, to: 0, train: 12, validation: 9 });

/** Mean cross-entropy of softmax regression in float64: weight [3, 4], bias [3]. */
function loss(
  pixels: readonly number[],
  labels: readonly number[],
  weight: readonly number[],
  bias: readonly number[],
): number {
  return mean(
    labels.map((label, row) => {
      const logits = bias.map((shift, k) =>
        [0, 1, 2, 3].reduce((sum, i) => sum + (weight[4 * k + i] ?? 0) * (pixels[4 * row + i] ?? 0), shift),
      );
      return Math.log(logits.reduce((sum, each) => sum + Math.exp(each), 0)) - (logits[label] ?? 0);
    }),
  );
}

/** Costs as the paper has them, written out. */
function costs(
  attack: string,
  { train, validation }: PoisoningInputs,
  { points }: Attack,
  u: readonly number[],
  v: readonly (readonly number[])[],
) {
  const [weight = [], bias = []] = v;
  const rows = validation.labels
    .toArray()
    .flatMap((label, row) => (attack === 'untargeted' || label === 2 ? [row] : []));
  const pixels = rows.flatMap((row) => validation.inputs.toArray().slice(4 * row, 4 * row + 4));
  const labels = rows.map((row) => (attack === 'untargeted' ? (validation.labels.toArray()[row] ?? 0) : 0));
  const all = [...train.inputs.toArray(), ...u];
  const decay = 0.0025 * v.flat().reduce((sum, each) => sum + each * each, 0);
  return {
    f: (attack === 'untargeted' ? -1 : 1) * loss(pixels, labels, weight, bias),
    g: loss(all, [...train.labels.toArray(), ...points.labels.toArray()], weight, bias) + decay,
  };
}

for (const attack of ['untargeted', 'targeted']) {
  test(`${attack}: f and g are those of the paper in float64, and v* is where g has no slope`, async (t) => {
    const inputs = await tiny();
    const settings = tinySettings(attack);
    const begun = beginAttack('penalty', 4, inputs, settings);
    const u = { poison: begun.points.inputs };
    const { v } = await respond(begun.problem, u, { device, tolerance: 1e-5 });
    const flat = Object.values(v).map((each) => each.toArray());
    const ours = await evaluate(begun.problem, { u, v }, { device });
    const theirs = costs(attack, inputs, begun, u.poison.toArray(), flat);
    t.true(Math.abs(ours.f - theirs.f) < 1e-6, `${ours.f} and ${theirs.f}`);
    t.true(Math.abs(ours.g - theirs.g) < 1e-6, `${ours.g} and ${theirs.g}`);
    for (const [part, values] of flat.entries()) {
      for (const index of values.keys()) {
        const [up, down] = [1e-4, -1e-4].map((step) => {
          const moved = flat.map((each) => [...each]);
          (moved[part] as number[])[index] = (values[index] ?? 0) + step;
          return costs(attack, inputs, begun, u.poison.toArray(), moved).g;
        });
        t.true(Math.abs(((up ?? 0) - (down ?? 0)) / 2e-4) < 1e-4);
      }
    }
  });
}

test('without poison g is that of the clean points alone', async (t) => {
  const inputs = await tiny();
  const { problem, points } = beginAttack('none', 4, inputs, tinySettings('untargeted'));
  const v = inputs.network.initialParameters();
  const { g } = await evaluate(problem, { u: { poison: points.inputs }, v }, { device });
  const [weight = [], bias = []] = Object.values(v).map((each) => each.toArray());
  const decay = 0.0025 * [...weight, ...bias].reduce((sum, each) => sum + each * each, 0);
  const { train } = inputs;
  t.true(Math.abs(g - decay - loss(train.inputs.toArray(), train.labels.toArray(), weight, bias)) < 1e-6);
});

test('points have wrong labels: any, or for the targeted attack those of the two classes exchanged', (t) => {
  const samples = images(60, 3);
  const draw = (attack: string, count: number) => {
    const flips =
      attack === 'targeted'
        ? ([
            [2, 0],
            [0, 2],
          ] as const)
        : undefined;
    return drawPoints(samples, count, 3, flips, Random.fromSeed(3, 'points'));
  };
  const { labels, trueLabels, inputs } = draw('untargeted', 60);
  t.true(labels.toArray().every((label, row) => label !== trueLabels.toArray()[row] && label >= 0 && label < 3));
  t.is(new Set(labels.toArray()).size, 3);
  t.deepEqual(inputs.shape, [60, 1, 2, 2]);
  const targeted = draw('targeted', 5);
  t.deepEqual(targeted.trueLabels.toArray(), [2, 0, 2, 0, 2]);
  t.deepEqual(targeted.labels.toArray(), [0, 2, 0, 2, 0]);
  const tooMany = { code: 'INVALID_ARGUMENT', message: /at most the 40 samples .* for the option points of poison/ };
  t.throws(() => draw('targeted', 41), tooMany);
  t.throws(() => draw('untargeted', 61), { code: 'INVALID_ARGUMENT' });
});

test('the targeted attack has as many points of each class, and no point is in two parts', async (t) => {
  const { train, validation } = await loadPoisoningInputs(
    validateProblem({ attack: 'targeted', train: 100, validation: 50, test: 100 }),
  );
  for (const [part, count] of [
    [train, 10],
    [validation, 5],
  ] as const) {
    const found = Array.from(
      { length: 10 },
      (_, label) => part.labels.toArray().filter((each) => each === label).length,
    );
    t.deepEqual(found, new Array(10).fill(count));
  }
  const keys = ({ inputs }: typeof train, rows: number) =>
    Array.from({ length: rows }, (_, row) => inputs.data.subarray(784 * row, 784 * (row + 1)).join());
  const trained = new Set(keys(train, 100));
  t.true(keys(validation, 50).every((key) => !trained.has(key)));
  await t.throwsAsync(
    loadPoisoningInputs(validateProblem({ attack: 'targeted', train: 99, validation: 50, test: 100 })),
    {
      code: 'INVALID_ARGUMENT',
      message: /a multiple of the 10 classes for the option train of poison/,
    },
  );
});

test('options that cannot be meant are refused with what to do', (t) => {
  const invalid = (given: object, message: RegExp) => t.throws(() => validateStudy({ ...given }), { message });
  invalid({ points: '10,0' }, /positive integers separated by commas, such as 10,20,60.*"10,0"/);
  invalid({ methods: 'penalty,rmdd' }, /all, or names of none, labelFlip, rmd, approxGrad, penalty.*"rmdd"/);
  invalid({ from: 3 }, /another class than from, which is 3/);
  invalid({ pionts: '3' }, /pionts/);
  const { problem, runs, options, iterations } = validateStudy({
    settings: 'authors',
    attack: 'targeted',
    points: '10,20',
    gamma: 2,
  });
  t.is(problem.validation, 4000);
  t.is(iterations, 5000);
  t.deepEqual(runs.map(({ name, points }) => `${name} ${points}`).slice(0, 3), ['none 10', 'labelFlip 10', 'rmd 10']);
  t.is(runs.length, 9);
  t.like(options.penalty, { variant: 'authors', gamma: 2 });
});

const small = { train: 60, validation: 60, test: 200, points: '4', iterations: 6, judgeEvery: 2, lowerSteps: 4 };

test('a stopped run goes on to the same bits, and keeps the best points', (t) =>
  withTemporary(async (folder) => {
    const study = validateStudy({ ...small, methods: 'penalty' });
    const inputs = await loadPoisoningInputs(study.problem);
    const begin = (saved?: SavedState) =>
      new PoisoningRun({ name: 'penalty', points: 4 }, inputs, study.problem, study, resources, saved);
    const follow = async (run: PoisoningRun, limit: number) => {
      const rows: PoisoningRow[] = [];
      for await (const { row } of run.steps()) {
        rows.push(row);
        if (rows.length === limit) break;
      }
      return rows.map(({ wallMs: _, ...row }) => row);
    };
    const endOf = (run: PoisoningRun) => run.end({ networkPath: join(folder, 'network.onnx') });
    using whole = begin();
    const expected = await follow(whole, 99);
    using first = begin();
    const made = await follow(first, 3);
    const { tensors, values } = first.save();
    const copies = new Map([...tensors].map(([name, tensor]) => [name, tensor.clone()]));
    using second = begin({ tensors: copies, values: structuredClone(values) });
    t.deepEqual([...made, ...(await follow(second, 99))], expected);
    const [ending, again] = [await endOf(whole), await endOf(second)];
    t.deepEqual(again, ending);
    const responses = expected.flatMap(({ response }) => response ?? []);
    t.is(responses.length, 3);
    t.true(Math.abs(ending.response - Math.min(ending.first, ...responses)) < 1e-4);
    t.is(ending.images.length, 4);
    t.throws(() => begin({ tensors: new Map(), values: {} }), { code: 'STATE_MISMATCH' });
  }));

test('a method whose v runs along f is named, and one that goes on without end ends by itself', async (t) => {
  const measured = (f: number, response: number): Measured => ({
    rows: [{ iteration: 2, f, g: 1, lowerGradientNorm: 1, wallMs: 1, response }],
    ending: { accuracy: 1, success: 1, response, residual: 0, first: -0.5, images: [] },
  });
  t.true(hasRunAway('penalty', measured(-4.4, -0.8)));
  t.true(hasRunAway('penalty', measured(-0.7, -0.4)));
  t.false(hasRunAway('penalty', measured(-0.9, -0.8)));
  t.false(hasRunAway('rmd', measured(-4.4, -0.8)));
  t.false(hasRunAway('penalty', { rows: [], ending: undefined }));
  await withTemporary(async (parent) => {
    const weak = { variant: 'paper', gamma: 1e-3, lambda: 0, lowerLearningRate: 0.1, growth: 'never', lowerSteps: 20 };
    const settings = validateStudy({ ...small, ...weak, iterations: 60, methods: 'none,penalty' });
    const { results } = await runStudy(poisoningStudy, settings, { out: join(parent, 'run'), device });
    const [clean, run] = results.outcomes;
    t.is(clean?.failure, undefined);
    t.regex(run?.failure ?? '', /v has left the solutions of the lower level and runs along f/);
    t.regex(JSON.stringify(poisoningStudy.json(results)), /"ended":1/);
  });
});

test('the command tells of its methods and shows the poison', (t) =>
  withTemporary(async (parent) => {
    const out = join(parent, 'run');
    const words = [
      'poison',
      '--train',
      '60',
      '--validation',
      '60',
      '--test',
      '200',
      '--points',
      '4',
      '--iterations',
      '4',
      '--judge-every',
      '2',
    ];
    const { status, stdout } = await bilevel(...words, '--threads', '1', '--out', out);
    t.is(status, 0, stdout);
    t.regex(stdout, /^No poison +0 +\d/m);
    t.regex(stdout, /^Penalty +4 +\d.*−?\d/m);
    const page = await readFile(join(out, 'report.html'), 'utf8');
    t.regex(page, /Poison of Penalty<\/h2>/);
    t.regex(page, /<img src="data:image\/png/);
    t.true(existsSync(join(out, 'penalty-4/seed-0/network.onnx')));
    const wrong = await bilevel('poison', '--data', 'labels.csv', '--json', '--out', join(parent, 'other'));
    t.is(errorOf(wrong).code, 'INVALID_ARGUMENT');
    t.false(existsSync(join(parent, 'other')));
  }));
