import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { encodeNpy } from '../../../lib/data/npy.js';
import { evaluate, input } from '../../../lib/graph/index.js';
import { loadFeatures } from '../../../lib/network/models.js';
import { Network } from '../../../lib/onnx/index.js';
import { runStudy } from '../../../lib/study/index.js';
import { approachNames } from '../../../lib/tasks/few-shot/approaches.js';
import type { ClassImages } from '../../../lib/tasks/few-shot/data.js';
import { loadFewShotData } from '../../../lib/tasks/few-shot/data.js';
import { cosineHead } from '../../../lib/tasks/few-shot/head.js';
import {
  classifierProblem,
  headProblem,
  prototypeProblem,
  wholeProblem,
} from '../../../lib/tasks/few-shot/problems.js';
import { fewShotStudy } from '../../../lib/tasks/few-shot/study.js';
import { Tensor } from '../../../lib/tensor.js';
import { testDevice } from '../../support/devices.js';
import { withTemporary } from '../../support/temporary.js';

const device = testDevice();
test.after.always(() => device.dispose());

/**
 * Classes of stripes: images of 16 x 16 whose brightness waves across, each class at a pace and an angle of its own.
 */
function stripes(count: number, of = 8): ClassImages {
  const x = Tensor.zeros([count * of, 1, 16, 16]);
  for (let image = 0; image < count * of; image++) {
    const label = Math.floor(image / of);
    for (let pixel = 0; pixel < 256; pixel++) {
      const [row, column] = [Math.floor(pixel / 16), pixel % 16];
      const along = Math.cos(label) * row + Math.sin(label) * column;
      x.data[image * 256 + pixel] = 0.5 + 0.5 * Math.sin(0.4 * (1 + (label % 3)) * along + 0.3 * (image % of));
    }
  }
  const y = Tensor.from(
    Array.from({ length: count * of }, (_, image) => Math.floor(image / of)),
    [count * of],
    'int64',
  );
  return { x, y, classes: Array.from({ length: count }, (_, label) => `class ${label}`) };
}

const episodes = { ways: 3, shots: 2, queries: 3, tasks: 2 };

test('classes are dealt out to one part each, and turned ones are classes of their own', async (t) => {
  const settings = {
    data: 'mnist',
    samples: 4,
    rotations: true,
    shape: undefined,
    seed: 3,
    trainClasses: 5,
    validationClasses: 2,
  };
  const { train, validation, test } = await loadFewShotData(settings);
  t.deepEqual(
    [train, validation, test].map(({ classes }) => classes.length),
    [20, 8, 12],
  );
  t.deepEqual(train.x.shape, [80, 1, 28, 28]);
  const plain = [train, validation, test].flatMap(({ classes }) => classes.filter((name) => !name.includes('turned')));
  t.deepEqual(plain.toSorted(), ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
  t.is(train.classes[5], `${train.classes[0]}, turned by 90°`);
  t.deepEqual([...new Set(train.y.toArray())].length, 20);
  const pixel = (turn: number, row: number, column: number): number =>
    train.x.data[(turn * 20 * 28 + row) * 28 + column] ?? -1;
  for (const [row, column] of [
    [3, 20],
    [14, 9],
    [21, 13],
  ] as const) {
    const value = pixel(0, row, column);
    // A quarter to the left brings the right-hand side to the top.
    t.is(pixel(1, 27 - column, row), value);
    t.is(pixel(2, 27 - row, 27 - column), value);
    t.is(pixel(3, column, 27 - row), value);
  }
  const alone = await loadFewShotData({ ...settings, rotations: false });
  t.deepEqual(alone.train.classes, train.classes.slice(0, 5));
  await t.throwsAsync(loadFewShotData({ ...settings, trainClasses: 8 }), {
    code: 'INVALID_ARGUMENT',
    message: /fewer than the 10/,
  });
});

test('the cosine head is that of the equation', (t) => {
  const [x, weight, bias] = [input('x', [2, 3]), input('w', [3, 2]), input('b', [2])];
  const [features, weights, biases] = [
    [1, 2, -1, 0.5, 0, 3],
    [0.2, -1, 0.4, 0.3, 2, 0.1],
    [0.7, -0.2],
  ];
  const at = (list: number[], index: number): number => list[index] ?? Number.NaN;
  const expected = [0, 1].flatMap((row) =>
    [0, 1].map((column) => {
      const [a, w] = [
        [0, 1, 2].map((k) => at(features, 3 * row + k)),
        [0, 1, 2].map((k) => at(weights, 2 * k + column)),
      ];
      const product = a.reduce((sum, value, k) => sum + value * at(w, k), 0) + 1e-3 * at(biases, column);
      const length = (list: number[], more: number): number =>
        Math.sqrt(list.reduce((sum, value) => sum + value ** 2, more));
      return (10 * product) / (length(a, 1e-6) * length(w, at(biases, column) ** 2));
    }),
  );
  const values = new Map([
    [x, Float64Array.from(features)],
    [weight, Float64Array.from(weights)],
    [bias, Float64Array.from(biases)],
  ]);
  const [logits = []] = evaluate([cosineHead.logits(x, { 'head.weight': weight, 'head.bias': bias })], values);
  t.true(expected.every((value, index) => Math.abs(value - (logits[index] ?? Number.NaN)) < 1e-12));
});

test('tasks of classes that the training has not seen are learned from what it has learned', async (t) => {
  const network = await loadFeatures('conv4-32', [1, 16, 16]);
  const data = stripes(6);
  const statement = { network, data, episodes, seed: 0 };
  const { tryTasks } = headProblem(statement, { head: cosineHead });
  const u = network.initialParameters();
  const learned = async (steps: number) => {
    const options = {
      steps,
      optimizer: 'adam',
      learningRate: 0.1,
      batches: 3,
      device,
    } as const;
    const { metrics, g } = await tryTasks(u, options);
    return {
      accuracy: metrics.accuracy.toArray().reduce((a, b) => a + b) / metrics.accuracy.size,
      g: g.reduce((a, b) => a + b),
    };
  };
  const [before, after] = [await learned(0), await learned(60)];
  t.true(after.g < 0.5 * before.g, `${before.g} ${after.g}`);
  t.true(after.accuracy > 0.6, `${before.accuracy} ${after.accuracy}`);
  // The other problems speak of the same variables.
  t.deepEqual(
    wholeProblem(statement).problem.lower.map(({ initial }) => initial.shape[0]),
    new Array(18).fill(2),
  );
  t.is(prototypeProblem(statement).lower.length, 16);
  t.is(classifierProblem(statement, 10).lower.length, 18);
});

/** Twelve classes of stripes as files of arrays. */
async function written(folder: string): Promise<string> {
  const { x, y } = stripes(12);
  const files = [join(folder, 'x.npy'), join(folder, 'y.npy')] as const;
  await writeFile(files[0], encodeNpy(x));
  await writeFile(files[1], encodeNpy(y));
  return files.join();
}

const small = {
  methods: 'protoNet,anil',
  ways: 3,
  queries: 3,
  tasks: 2,
  iterations: 4,
  evaluations: 2,
  validationTasks: 3,
  testTasks: 5,
};

test('methods are trained, tried on the validation classes and tested, and a stopped run ends with the same bits', (t) =>
  withTemporary(async (parent) => {
    const settings = fewShotStudy.validate({ ...small, data: await written(parent) });
    const whole = join(parent, 'whole');
    const { results } = await runStudy(fewShotStudy, settings, { out: whole, device });
    t.deepEqual(
      results.outcomes.map(({ measured }) => measured.tasks),
      [5, 5],
    );
    for (const { measured } of results.outcomes) {
      t.deepEqual(
        measured.validation.map(({ iteration }) => iteration),
        [2, 4],
      );
      t.true((measured.accuracy ?? -1) >= 0 && (measured.accuracy ?? 101) <= 100);
    }
    const [table] = fewShotStudy.tables?.(results) ?? [];
    t.deepEqual(
      table?.rows.map(([name]) => name),
      ['ProtoNet', 'ANIL'],
    );
    const stopped = join(parent, 'stopped');
    const controller = new AbortController();
    const report = (stage: string, done: number): void => {
      if (stage.startsWith('ANIL') && done === 3) controller.abort();
    };
    const first = await runStudy(fewShotStudy, settings, { out: stopped, device, signal: controller.signal, report });
    t.true(first.stopped);
    await runStudy(fewShotStudy, settings, { out: stopped, device, resume: true });
    for (const method of ['protoNet', 'anil']) {
      const [a, b] = await Promise.all(
        [whole, stopped].map((folder) => readFile(join(folder, method, 'seed-0', 'network.onnx'))),
      );
      t.true(a?.equals(b as Buffer), method);
      const network = await Network.load(join(whole, method, 'seed-0', 'network.onnx'));
      t.deepEqual(network.inputShape(2), [2, 1, 16, 16]);
    }
  }));

test('a run is not gone on with on data that changed', (t) =>
  withTemporary(async (parent) => {
    const settings = fewShotStudy.validate({ ...small, methods: 'protoNet', data: await written(parent) });
    const out = join(parent, 'run');
    const controller = new AbortController();
    const report = (_: string, done: number): void => {
      if (done === 1) controller.abort();
    };
    const first = await runStudy(fewShotStudy, settings, { out, device, signal: controller.signal, report });
    t.true(first.stopped);
    await writeFile(join(parent, 'x.npy'), encodeNpy(Tensor.zeros([96, 1, 16, 16])));
    await t.throwsAsync(runStudy(fewShotStudy, settings, { out, device, resume: true }), {
      code: 'STATE_MISMATCH',
      message: /x\.npy changed since the run/,
    });
  }));

for (const name of approachNames) {
  test(`${name} makes iterations, and is tried with what it shares`, (t) =>
    withTemporary(async (folder) => {
      const settings = fewShotStudy.validate({
        ...small,
        data: await written(folder),
        methods: name,
        iterations: 2,
        evaluations: 1,
        tasks: 1,
        testTasks: 2,
      });
      const { results } = await runStudy(fewShotStudy, settings, { out: join(folder, 'run'), device });
      t.is(results.outcomes[0]?.measured.tasks, 2);
      t.true(Number.isFinite(results.outcomes[0]?.measured.accuracy));
    }));
}

test('parts that make no tasks are refused before anything is learned', (t) =>
  withTemporary(async (folder) => {
    const given = { ...small, data: await written(folder) };
    const run = (options: object) =>
      runStudy(fewShotStudy, fewShotStudy.validate({ ...given, ...options }), { out: join(folder, 'run'), device });
    await t.throwsAsync(run({ rotations: false }), {
      code: 'INVALID_DATA',
      message: /2 validation classes, fewer than the 3/,
    });
    await t.throwsAsync(run({ shots: 7 }), { code: 'INVALID_DATA', message: /takes 7 \+ 3 samples.*has 8/ });
    t.false(existsSync(join(folder, 'run')));
  }));

test('what cannot be learned from is refused with what to do', (t) => {
  t.throws(() => fewShotStudy.validate({ methods: 'penalty,mamml' }), {
    code: 'INVALID_ARGUMENT',
    message: /names among penalty/,
  });
  t.throws(() => fewShotStudy.validate({ data: 'nothing' }), { code: 'INVALID_ARGUMENT' });
  t.throws(() => fewShotStudy.validate({ shape: '3,x' }), { code: 'INVALID_ARGUMENT' });
  t.throws(() => fewShotStudy.validate({ shots: 0 }), { code: 'INVALID_ARGUMENT' });
});
