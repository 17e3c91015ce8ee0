import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { Random } from '../../lib/data/random.js';
import { evaluate as evaluateNodes, input } from '../../lib/graph/index.js';
import { evaluate, respond, type SavedState } from '../../lib/solvers/index.js';
import { type CleanLabelInputs, loadCleanLabelInputs } from '../../lib/tasks/poisoning/clean-label/data.js';
import { applyFeatures, computeFeatures } from '../../lib/tasks/poisoning/clean-label/features.js';
import { type Head, marginOf } from '../../lib/tasks/poisoning/clean-label/head.js';
import { cleanLabelProblem } from '../../lib/tasks/poisoning/clean-label/problem.js';
import { CleanLabelRun, type TargetResult } from '../../lib/tasks/poisoning/clean-label/run.js';
import { type CleanLabelMethod, validateCleanLabel } from '../../lib/tasks/poisoning/clean-label/settings.js';
import { curveOf } from '../../lib/tasks/poisoning/clean-label/tables.js';
import { poisoningStudy } from '../../lib/tasks/poisoning/index.js';
import type { Tensor } from '../../lib/tensor.js';
import { bilevel, errorOf } from '../support/command-line.js';
import { testDevice } from '../support/devices.js';
import { withTemporary } from '../support/temporary.js';

const device = testDevice();
test.after.always(() => device.dispose());

const resources = { device, signal: new AbortController().signal };
const small = {
  ...{ train: 40, test: 60, featureSamples: 400, featureSteps: 30, targets: 3 },
  ...{ iterations: 6, lowerSteps: 3, warmUpSteps: 5, splittingSteps: 250, radii: '0.3' },
};
const settings = validateCleanLabel(small);

let loaded: Promise<CleanLabelInputs> | undefined;
/** Eights and threes, with features of a network that saw few digits. */
function inputsOf(): Promise<CleanLabelInputs> {
  loaded ??= loadCleanLabelInputs(settings, device);
  return loaded;
}

const [count, width] = [3, 784];
const rowOf = ({ data, shape }: Tensor<'float32'>, row: number) => {
  const size = data.length / (shape[0] ?? 1);
  return [...data.subarray(row * size, (row + 1) * size)];
};
const squareOf = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, value, at) => sum + (value - (b[at] ?? Number.NaN)) ** 2, 0);

test('parts are disjoint, targets are told right, and bases are the nearest of the other class', async (t) => {
  const { targets, targetFeatures, bases, clean, head, map, box, distance } = await inputsOf();
  t.deepEqual(targets.shape, [count, 1, 28, 28]);
  t.deepEqual(clean.features.shape, [40, 400]);
  t.is(map.upTo, '/6/Flatten_output_0');
  t.deepEqual(clean.labels.toArray(), [...new Array(20).fill(0), ...new Array(20).fill(1)]);
  const meanSquare = clean.features.toArray().reduce((sum, value) => sum + value * value, 0) / 40;
  t.true(Math.abs(meanSquare - 1) < 1e-4);
  for (let row = 0; row < count; row++) t.true(marginOf(head, targetFeatures, row) < 0);
  const distances = [0, 1, 2].map((row) => Math.sqrt(squareOf(rowOf(targets, row), rowOf(bases, row))));
  t.true(Math.abs(distances.reduce((sum, each) => sum + each, 0) / count - distance) < 1e-4);
  t.is(box.toUnit(bases), bases);
});

test('f and g are those of the paper for every target by itself, and v* has no slope', async (t) => {
  const inputs = await inputsOf();
  const { bases, map, clean, targetFeatures } = inputs;
  const problem = cleanLabelProblem(inputs, settings, bases);
  const { v } = await respond(problem, { poison: bases }, { device, tolerance: 1e-6 });
  const head = v as object as Head;
  const features = await computeFeatures(map, bases, device);
  const loss = (margin: number, label: number) => Math.log1p(Math.exp(label === 1 ? -margin : margin));
  const decay = (row: number) =>
    [...rowOf(head.weight, row), ...rowOf(head.bias, row)].reduce((sum, each) => sum + each * each, 0);
  let [f, g] = [0, 0];
  for (let row = 0; row < count; row++) {
    f += loss(marginOf(head, targetFeatures, row, row), 1);
    f += settings.collision * squareOf(rowOf(features, row), rowOf(targetFeatures, row));
    const losses = clean.labels
      .toArray()
      .map((label, at) => loss(marginOf(head, clean.features, at, row), Number(label)));
    const own = loss(marginOf(head, features, row, row), 1);
    g += (losses.reduce((sum, each) => sum + each, 0) + own) / 41 + (settings.l2 / 2) * decay(row);
  }
  const ours = await evaluate(problem, { u: { poison: bases }, v }, { device });
  t.true(Math.abs(ours.f - f / count) < 1e-5 * (1 + Math.abs(f)), `${ours.f} and ${f / count}`);
  t.true(Math.abs(ours.g - g / count) < 1e-6, `${ours.g} and ${g / count}`);
});

test('feature collision makes the steps of Algorithm 1, here within the ball and the box', async (t) => {
  const inputs = await inputsOf();
  const { map, bases, targetFeatures } = inputs;
  const [rate, weight] = [0.5, 0.4];
  const one = validateCleanLabel({ ...small, splittingSteps: 1, splittingRate: rate, splittingWeight: weight });
  // A radius that holds nothing back but the box.
  using run = new CleanLabelRun('splitting', 100, inputs, one, resources);
  for await (const _ of run.steps()) t.pass();
  const found = run.save().tensors.get('poison') as Tensor<'float32'>;
  const x = input('x', bases.shape);
  const features = applyFeatures(map, x);
  const random = Random.fromSeed(1, 'pixels');
  const costAt = (index: number, change: number): number => {
    const values = Float64Array.from(bases.data);
    values[index] = (values[index] ?? 0) + change;
    const [found = []] = evaluateNodes([features], new Map([[x, values]]));
    return squareOf([...found], targetFeatures.toArray());
  };
  const here = costAt(0, 0);
  let compared = 0;
  for (let tries = 0; tries < 60; tries++) {
    const index = random.integer(count * width);
    const [right, left] = [(costAt(index, 1e-6) - here) / 1e-6, (here - costAt(index, -1e-6)) / 1e-6];
    // Max pools have no derivative where pixels are alike.
    if (Math.abs(right - left) > 1e-4) continue;
    compared++;
    const base = bases.data[index] ?? 0;
    const next = (base - (rate * (right + left)) / 2 + rate * weight * base) / (1 + rate * weight);
    const expected = Math.min(1, Math.max(0, next));
    t.true(Math.abs((found.data[index] ?? 0) - expected) < 1e-4, `pixel ${index}: ${found.data[index]}, ${expected}`);
  }
  t.true(compared >= 10, `${compared} pixels`);
});

for (const method of ['splitting', 'penalty'] as const) {
  test(`${method} keeps to the ball and the box, moves towards the target, and goes on to the same bits`, async (t) => {
    const inputs = await inputsOf();
    const begin = (saved?: SavedState) => new CleanLabelRun(method, 0.3, inputs, settings, resources, saved);
    const follow = async (run: CleanLabelRun, limit: number) => {
      const rows = [];
      for await (const { row } of run.steps()) {
        rows.push(row);
        if (rows.length === limit) break;
      }
      return rows;
    };
    using whole = begin();
    const expected = await follow(whole, 99);
    t.is(expected.length, method === 'penalty' ? 6 : 3);
    using first = begin();
    const made = await follow(first, 2);
    const { tensors, values } = first.save();
    const copies = new Map([...tensors].map(([name, tensor]) => [name, tensor.clone()]));
    using second = begin({ tensors: copies, values: structuredClone(values) });
    t.deepEqual([...made, ...(await follow(second, 99))], expected);
    const ending = await whole.end();
    t.deepEqual(await second.end(), ending);
    t.true(Math.abs(ending.radius - 0.3 * inputs.distance) < 1e-6);
    const features = await computeFeatures(inputs.map, inputs.bases, device);
    for (const [row, { distance, collision, images }] of ending.targets.entries()) {
      t.true(distance > 0.1 && distance <= ending.radius * (1 + 1e-5), `${distance} of ${ending.radius}`);
      t.true(collision < squareOf(rowOf(features, row), rowOf(inputs.targetFeatures, row)));
      t.is(images?.length, 3);
    }
    const name = method === 'penalty' ? 'u/poison' : 'poison';
    const poison = whole.save().tensors.get(name) as Tensor<'float32'>;
    t.true(poison.data.every((value) => value >= 0 && value <= 1));
    t.throws(() => begin({ tensors: new Map(), values: {} }), { code: 'STATE_MISMATCH' });
  });
}

test('a copy of the target with the other label lies where the target does', async (t) => {
  const inputs = await inputsOf();
  using run = new CleanLabelRun('copy', 1, inputs, settings, resources);
  for await (const _ of run.steps()) t.fail();
  const { targets } = await run.end();
  t.true(targets.every(({ collision }) => collision < 1e-9));
  const distances = [0, 1, 2].map((row) => Math.sqrt(squareOf(rowOf(inputs.targets, row), rowOf(inputs.bases, row))));
  for (const [row, { distance }] of targets.entries()) t.true(Math.abs(distance - (distances[row] ?? 0)) < 1e-4);
});

test('success counts the smallest radius that has a target taken, whatever larger ones do', (t) => {
  const result = (isTaken: boolean, distance: number): TargetResult => ({ isTaken, distance, collision: 0 });
  const ending = (radius: number, ...targets: TargetResult[]) => ({
    ...{ radius, accuracy: 100, upTo: '', features: 1, names: { from: '', to: '' } },
    targets,
  });
  const endings = [
    ending(1, result(false, 1), result(false, 1)),
    ending(2, result(true, 1.5), result(false, 2)),
    ending(3, result(false, 3), result(false, 2.5)),
    ending(4, result(true, 4), result(true, 4)),
  ];
  t.deepEqual(curveOf({ method: 'penalty', endings }), [
    { radius: 1, success: 0, distortion: 1 },
    { radius: 2, success: 50, distortion: 1.75 },
    { radius: 3, success: 50, distortion: 2 },
    { radius: 4, success: 100, distortion: 2.75 },
  ]);
});

test('options that cannot be meant are refused with what to do', async (t) => {
  const invalid = (given: object, message: RegExp) => t.throws(() => validateCleanLabel({ ...given }), { message });
  invalid({ points: '10' }, /poison --attack clean-label has no option "points"/);
  invalid({ radii: '0.2,0' }, /positive numbers separated by commas, such as 0.25,0.5.*"0.2,0"/);
  invalid({ methods: 'penalty,rmd' }, /all, or names of copy, splitting, penalty.*"rmd"/);
  invalid({ train: 41 }, /an even number, half of it of either class/);
  invalid({ from: 3 }, /another class than from, which is 3/);
  invalid({ label: 'size' }, /nothing, as it is for data of your own/);
  t.deepEqual(validateCleanLabel({ radii: '0.5, 0.25' }).shares, [0.25, 0.5]);
  t.throws(() => poisoningStudy.validate({ collision: 1 }), {
    code: 'INVALID_ARGUMENT',
    message: /The option collision is for poison with right labels: give --attack clean-label as well/,
  });
  const load = (given: object) => loadCleanLabelInputs(validateCleanLabel({ ...small, ...given }), device);
  await t.throwsAsync(load({ targets: 31 }), { message: /at most the \d+ test samples told right/ });
  await t.throwsAsync(load({ train: 12000 }), {
    message: /at most \d+ samples of both classes beside 400 for features/,
  });
  await t.throwsAsync(load({ features: '/6/Flattn' }), { message: /Did you mean \/6\/Flatten\?/ });
});

const words = (methods: readonly CleanLabelMethod[], out: string) => [
  ...['poison', '--attack', 'clean-label', '--train', '40', '--test', '60', '--feature-samples', '400'],
  ...['--feature-steps', '30', '--targets', '3', '--iterations', '4', '--lower-steps', '3', '--splitting-steps', '100'],
  ...['--radii', '0.3,0.6', '--methods', methods.join(), '--threads', '1', '--out', out],
];

test('the command shows base, poison and target, and goes on with what is there', (t) =>
  withTemporary(async (parent) => {
    const out = join(parent, 'run');
    const first = await bilevel(...words(['copy', 'penalty'], out));
    t.is(first.status, 0, first.stderr);
    t.regex(first.stdout, /400 of the network cut at \/6\/Flatten_output_0/);
    const page = await readFile(join(out, 'report.html'), 'utf8');
    t.regex(page, /Poison of Penalty<\/h2>/);
    t.is(page.match(/<img src="data:image\/png/g)?.length, 9);
    t.true(existsSync(join(out, 'penalty/radius-0.3/metrics.jsonl')));
    const more = words(['copy', 'penalty', 'splitting'], out).filter((word) => word !== '--out');
    const second = await bilevel(...more.slice(0, -1), '--resume', out, '--json');
    t.is(second.status, 0, second.stdout);
    const { methods } = JSON.parse(second.stdout);
    t.deepEqual(
      methods.map(({ method, curve }: { method: string; curve: object[] }) => [method, curve.length]),
      [
        ['copy', 1],
        ['splitting', 2],
        ['penalty', 2],
      ],
    );
  }));

test('rows of a table are moved within their range, and columns of categories stay', (t) =>
  withTemporary(async (parent) => {
    const random = Random.fromSeed(1, 'rows');
    const rows = Array.from({ length: 240 }, (_, row) => {
      const isTall = row % 2 === 0;
      const size = (isTall ? 4 : 3.4) + random.normal();
      const colour = random.uniform() < (isTall ? 0.7 : 0.3) ? 'red' : 'blue';
      return `${size},${size * size + random.normal()},${random.normal()},${colour},${isTall ? 'tall' : 'short'}`;
    });
    const data = join(parent, 'people.csv');
    await writeFile(data, `height,area,noise,colour,size\n${rows.join('\n')}\n`);
    const given = ['poison', '--attack', 'clean-label', '--data', data, '--label', 'size', '--network', 'mlp'];
    const sizes = [
      '--targets',
      '4',
      '--iterations',
      '10',
      '--methods',
      'penalty',
      '--radii',
      '0.5,1',
      '--threads',
      '1',
    ];
    const run = await bilevel(...given, ...sizes, '--out', join(parent, 'run'));
    t.is(run.status, 0, run.stderr);
    t.regex(run.stdout, /100 of the network cut at value4/);
    t.regex(run.stdout, /Points of Penalty/);
    t.regex(run.stdout, /(height|area|noise) -?[\d.−]+ to/);
    t.notRegex(run.stdout, /colour=/);
    const wrong = await bilevel(...given, ...sizes, '--features', 'value9', '--json', '--out', join(parent, 'other'));
    t.regex(errorOf(wrong).message, /no node or value "value9" to end at\. Did you mean value/);
    t.false(existsSync(join(parent, 'other')));
  }));
