import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { Random } from '../../lib/data/random.js';
import { evaluate as evaluateNodes, input } from '../../lib/graph/index.js';
import { loadModel } from '../../lib/network/models.js';
import { mean } from '../../lib/numbers.js';
import { evaluate, respond, type SavedState } from '../../lib/solvers/index.js';
import { runStudy } from '../../lib/study/index.js';
import { harmsOf } from '../../lib/tasks/poisoning/harm.js';
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
  poisoningProblem,
  poisoningStudy,
  validateProblem,
  validateStudy,
} from '../../lib/tasks/poisoning/index.js';
import { boxAround } from '../../lib/tasks/poisoning/input-box.js';
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
  const train = images(12, 3);
  const others = { validation: images(9, 3), test: images(9, 3) };
  return { network, classes: ['a', 'b', 'c'], train, ...others, box: boxAround([train.inputs]) };
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

test('inputs of poison stay between the ends of clean ones, and categories as they began', (t) => {
  const pixels = images(4, 2).inputs;
  t.is(boxAround([pixels]).toUnit(pixels), pixels);
  const samples = Tensor.from([-2, 0, 1, 6, 1, 0, 0, 0, 1], [3, 3]);
  const box = boxAround([samples], new Set([1]));
  const start = Tensor.from([1, 0.5, 9, -1, 1, 0.25], [2, 3]);
  const u = box.toUnit(start);
  t.deepEqual(u.toArray(), [3 / 8, 0, 1, 1 / 8, 0, 0.25].map(Math.fround));
  t.deepEqual(box.inputsOf(u, start).toArray(), [1, 0.5, 1, -1, 1, 0.25]);
  const node = input('u', [2, 3]);
  const values = new Map([[node, Float64Array.from(u.toArray())]]);
  t.deepEqual([...(evaluateNodes([box.apply(node, start)], values)[0] ?? [])], box.inputsOf(u, start).toArray());
  t.deepEqual([0, 1, 2].map(box.rangeOf), [8, 0, 1]);
});

for (const count of [1, 3]) {
  test(`the harm of ${count} points is what their lack does to networks trained from their start`, async (t) => {
    const inputs = await tiny();
    const settings = tinySettings('untargeted');
    const attack = beginAttack('rmd', count, inputs, settings);
    const costOf = async (of: Pick<Attack, 'problem'>, poison: Tensor) => {
      const found = await respond(of.problem, { poison }, { device });
      const { f } = await evaluate(of.problem, { u: { poison }, v: found.v }, { device });
      return { v: found.v, f };
    };
    const all = await costOf(attack, attack.points.inputs);
    const harms = await harmsOf(attack, attack.points.inputs, all, inputs, settings, resources);
    t.is(harms.length, count);
    for (const [point, harm] of harms.entries()) {
      const kept = [0, 1, 2].slice(0, count).filter((each) => each !== point);
      const rows = kept.flatMap((row) => attack.points.inputs.toArray().slice(4 * row, 4 * row + 4));
      const poison = Tensor.from(rows, [kept.length, 1, 2, 2]);
      const labels = Tensor.from(
        kept.map((row) => Number(attack.points.labels.data[row])),
        [kept.length],
        'int64',
      );
      const none = beginAttack('none', 1, inputs, settings);
      const left =
        kept.length === 0
          ? await costOf(none, none.points.inputs)
          : await costOf({ problem: poisoningProblem(inputs, { inputs: poison, labels }, settings) }, poison);
      t.true(Math.abs(harm - (left.f - all.f)) < 5e-4, `${harm} ${left.f - all.f}`);
    }
    t.true(harms.some((harm) => Math.abs(harm) > 1e-3));
  });
}

test('an audit tells what a few points can do to a model of a table', (t) =>
  withTemporary(async (parent) => {
    const rows = Array.from({ length: 80 }, (_, row) => {
      const isTall = row % 2 === 0;
      const noise = random.uniform();
      return `${(isTall ? 150 : 120) + 40 * noise},${isTall && row % 3 > 0 ? 'red' : 'blue'},${isTall ? 'tall' : 'short'}`;
    });
    const data = join(parent, 'people.csv');
    await writeFile(data, `height,colour,size\n${rows.join('\n')}\n`);
    const words = ['poison', '--audit', '--data', data, '--label', 'size', '--points', '3', '--iterations', '20'];
    const out = join(parent, 'run');
    const run = await bilevel(...words, '--methods', 'none,labelFlip,rmd', '--threads', '1', '--out', out, '--json');
    t.is(run.status, 0, run.stderr);
    const { runs } = JSON.parse(run.stdout);
    t.deepEqual(
      runs.map(({ method, harmful }: { method: string; harmful?: object[] }) => [method, harmful?.length]),
      [
        ['none', undefined],
        ['labelFlip', 3],
        ['rmd', 3],
      ],
    );
    const [, , { harmful }] = runs;
    t.true(harmful[0].harm >= harmful[1].harm && harmful[1].harm >= harmful[2].harm);
    t.regex(harmful.map(({ changes }: { changes: string[] }) => changes.join()).join('\n'), /^height 1\d\d/m);
    t.notRegex(run.stdout, /colour=/);
    t.true(runs[2].response.mean < runs[0].response.mean);
    const text = await bilevel('poison', '--resume', out, '--threads', '1');
    t.regex(text.stdout, /3 points chosen to harm, by RMD, take the test accuracy from \d/);
    t.regex(text.stdout, /Points of RMD/);
    const column = await bilevel('poison', '--label', 'size', '--json', '--out', join(parent, 'other'));
    t.regex(errorOf(column).message, /nothing, as it is for data of your own for the option label of poison/);
    const absent = await bilevel(...words, '--attack', 'targeted', '--json', '--out', join(parent, 'other'));
    t.regex(errorOf(absent).message, /a class from 0 to 1 for the option from of poison/);
    t.false(existsSync(join(parent, 'other')));
  }));

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
    t.is(ending.points.length, 4);
    t.throws(() => begin({ tensors: new Map(), values: {} }), { code: 'STATE_MISMATCH' });
  }));

test('a method whose v runs along f is named, and one that goes on without end ends by itself', async (t) => {
  const measured = (f: number, response: number): Measured => ({
    rows: [{ iteration: 2, f, g: 1, lowerGradientNorm: 1, wallMs: 1, response }],
    ending: { accuracy: 1, success: 1, response, residual: 0, first: -0.5, points: [] },
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
    const wrong = await bilevel('poison', '--data', 'labels', '--json', '--out', join(parent, 'other'));
    t.is(errorOf(wrong).code, 'INVALID_ARGUMENT');
    t.false(existsSync(join(parent, 'other')));
  }));
