import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { checkProblem } from '../../../lib/checking/index.js';
import { buildLayers } from '../../../lib/network/layers.js';
import { Network } from '../../../lib/onnx/index.js';
import { evaluate } from '../../../lib/solvers/index.js';
import { runStudy } from '../../../lib/study/index.js';
import type { DeepInputs } from '../../../lib/tasks/representation/deep/data.js';
import { learnerNames } from '../../../lib/tasks/representation/deep/learners.js';
import { deepProblem, judgeFeatures } from '../../../lib/tasks/representation/deep/problem.js';
import { validateDeep } from '../../../lib/tasks/representation/deep/settings.js';
import { deepStudy } from '../../../lib/tasks/representation/deep/study.js';
import { Tensor } from '../../../lib/tensor.js';
import { bilevel, errorOf } from '../../support/command-line.js';
import { testDevice } from '../../support/devices.js';
import { withTemporary } from '../../support/temporary.js';

const device = testDevice();
test.after.always(() => device.dispose());

const signal = new AbortController().signal;

/** Points of two classes about a circle's inside and outside, described by two numbers. */
function rings(count: number, from: number) {
  const rows = Array.from({ length: count }, (_, row) => {
    const [label, angle] = [row % 2, 2.4 * (row + from)];
    const radius = 0.5 + label + 0.2 * Math.sin(7.1 * (row + from));
    return { x: [radius * Math.cos(angle), radius * Math.sin(angle)], label };
  });
  return {
    inputs: Tensor.from(
      rows.flatMap(({ x }) => x),
      [count, 2],
    ),
    labels: Tensor.from(
      rows.map(({ label }) => label),
      [count],
      'int64',
    ),
  };
}

const inputs = async (): Promise<DeepInputs> => {
  const layers = [{ kind: 'dense', width: 6 } as const, { kind: 'relu' } as const];
  return {
    network: await Network.load(buildLayers('rings', layers, [2], { outputName: 'features' })),
    classes: ['inside', 'outside'],
    lower: rings(40, 0),
    upper: rings(40, 100),
    test: rings(60, 300),
  };
};

const settings = validateDeep({ deep: true, batch: 40, decay: 0.01, judged: 60 });

test('f and g are those of the paper, in float64', async (t) => {
  const given = await inputs();
  const problem = deepProblem(given, settings);
  const u = given.network.initialParameters();
  const numbers = (length: number, pace: number) => Array.from({ length }, (_, at) => Math.sin(pace * (at + 1)));
  const [weight, bias] = [numbers(12, 0.9), numbers(2, 2.3)];
  const v = { 'head.weight': Tensor.from(weight, [6, 2]), 'head.bias': Tensor.from(bias) };
  const found = await evaluate(problem, { u, v }, { device });
  const [kernel = [], shift = []] = Object.values(u).map((each) => each.toArray().map(Number));
  const at = (list: readonly number[], index: number): number => list[index] ?? Number.NaN;
  const cost = ({ inputs: x, labels }: DeepInputs['lower']): number => {
    const losses = Array.from(labels.data, (label, row) => {
      const features = shift.map((each, unit) =>
        Math.max(
          0,
          each +
            at(kernel, 2 * unit) * Number(x.data[2 * row]) +
            at(kernel, 2 * unit + 1) * Number(x.data[2 * row + 1]),
        ),
      );
      const logits = [0, 1].map((k) =>
        features.reduce((sum, each, unit) => sum + each * at(weight, 2 * unit + k), at(bias, k)),
      );
      return Math.log(logits.reduce((sum, each) => sum + Math.exp(each), 0)) - at(logits, Number(label));
    });
    return losses.reduce((a, b) => a + b) / losses.length;
  };
  const squares = [...weight, ...bias].reduce((sum, each) => sum + each ** 2, 0);
  t.true(Math.abs(found.f - cost(given.upper)) < 1e-6, `${found.f}`);
  t.true(Math.abs(found.g - cost(given.lower) - 0.005 * squares) < 1e-6, `${found.g}`);
  const checked = await checkProblem(problem, { device });
  t.true(
    Object.values(checked.derivatives).every(({ error = 0 }) => error < 1e-3),
    JSON.stringify(checked.derivatives),
  );
});

test('features are judged by a last layer that is trained on them anew', async (t) => {
  const given = await inputs();
  const u = given.network.initialParameters();
  const before = await judgeFeatures(given, u, settings, { device, signal });
  t.deepEqual(await judgeFeatures(given, u, settings, { device, signal }), before);
  const none = Object.fromEntries(Object.entries(u).map(([name, { shape }]) => [name, Tensor.zeros(shape)]));
  const blind = await judgeFeatures(given, none, settings, { device, signal });
  t.true(Math.abs(blind.f - Math.log(2)) < 1e-3);
  t.is(blind.accuracy, 0.5);
  t.true(before.f < blind.f && before.accuracy > 0.6, JSON.stringify(before));
});

const small = ['--deep', '--lower-samples', '60', '--upper-samples', '60', '--batch', '30', '--judged', '40'];

test('every way learns features, and a run that was stopped ends with the same bits', (t) =>
  withTemporary(async (parent) => {
    const shared = { lowerSamples: 60, upperSamples: 60, batch: 30, judged: 40, lowerSteps: 3 };
    const given = validateDeep({ deep: true, ...shared, iterations: 4, measurements: 2 });
    const whole = join(parent, 'whole');
    const { results } = await runStudy(deepStudy, given, { out: whole, device });
    t.deepEqual(
      results.outcomes.map(({ job, failure }) => [job.method, failure]),
      learnerNames.map((name) => [name, undefined]),
    );
    for (const { measured } of results.outcomes) {
      t.deepEqual(
        measured.map(({ iteration }) => iteration),
        [0, 2, 4],
      );
      t.is(measured[0]?.response, results.outcomes[0]?.measured[0]?.response);
    }
    const stopped = join(parent, 'stopped');
    const controller = new AbortController();
    const report = (_: string, done: number): void => {
      if (done === 3) controller.abort();
    };
    const one = { ...given, methods: ['pzoboS'] as const };
    const first = await runStudy(deepStudy, one, { out: stopped, device, signal: controller.signal, report });
    t.true(first.stopped);
    await runStudy(deepStudy, one, { out: stopped, device, resume: true });
    const [a, b] = await Promise.all(
      [whole, stopped].map((folder) => readFile(join(folder, 'pzoboS', 'network.onnx'))),
    );
    t.true(a?.equals(b as Buffer));
  }));

test('the command learns features with --deep, and says which options need it', (t) =>
  withTemporary(async (folder) => {
    const out = join(folder, 'run');
    const run = ['--methods', 'pzoboS,joint', '--iterations', '2', '--measurements', '1', '--threads', '1'];
    const { status, stdout, stderr } = await bilevel('representation', ...small, ...run, '--out', out);
    t.is(status, 0, stderr);
    t.regex(stdout, /^PZOBO-S +\d\.\d+ +\d+\.\d\d +2/m);
    t.regex(stdout, /^Joint training +\d/m);
    t.true(existsSync(join(out, 'joint', 'network.onnx')));
    const other = join(folder, 'other');
    const alone = await bilevel('representation', '--data', 'mnist', '--out', other, '--json');
    t.regex(errorOf(alone).message, /The option data is for deep representations: give --deep as well/);
    const random = await bilevel('representation', '--deep', '--features', '3', '--out', other, '--json');
    t.is(errorOf(random).code, 'UNKNOWN_OPTION');
    const unknown = await bilevel('representation', '--deep', '--methods', 'sgd', '--out', other, '--json');
    t.regex(errorOf(unknown).message, /names of pzoboS, hozog, stocbio, rmd, joint/);
    t.false(existsSync(other));
  }));
