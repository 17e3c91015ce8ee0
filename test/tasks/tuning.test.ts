import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { checkProblem } from '../../lib/checking/index.js';
import { Random } from '../../lib/data/random.js';
import { loadModel } from '../../lib/network/models.js';
import { Network } from '../../lib/onnx/index.js';
import { evaluate, methods } from '../../lib/solvers/index.js';
import { runStudy } from '../../lib/study/index.js';
import { approachesTo } from '../../lib/tasks/tuning/approaches.js';
import { gridPoint, randomCandidate } from '../../lib/tasks/tuning/candidates.js';
import { loadTuningInputs } from '../../lib/tasks/tuning/data.js';
import { firstDenseLayer } from '../../lib/tasks/tuning/first-layer.js';
import { decayImage } from '../../lib/tasks/tuning/found.js';
import {
  type Facts,
  type HyperparameterName,
  hyperparameterNames,
  hyperparameters,
  scalableArrays,
} from '../../lib/tasks/tuning/hyperparameters.js';
import { stepOfOffsets } from '../../lib/tasks/tuning/offsets.js';
import { firstHyperparameters, tuningProblem } from '../../lib/tasks/tuning/problem.js';
import { tuningStudy } from '../../lib/tasks/tuning/study.js';
import { trainBySteps } from '../../lib/tasks/tuning/training.js';
import { Tensor } from '../../lib/tensor.js';
import { bilevel, errorOf } from '../support/command-line.js';
import { testDevice } from '../support/devices.js';
import { withTemporary } from '../support/temporary.js';

const device = testDevice();
test.after.always(() => device.dispose());

const random = Random.fromSeed(1, 'samples');
const [inputs, classes] = [4, 3];

const samples = (count: number) => ({
  inputs: Tensor.from(
    Float32Array.from({ length: inputs * count }, () => random.normal()),
    [count, inputs],
  ),
  labels: Tensor.from(
    Array.from({ length: count }, (_, row) => (row * row) % classes),
    [count],
    'int64',
  ),
});

/** Kinds that are of where a training ends, on samples of any shape. */
const ofOptimum = ['l2', 'feature-l2', 'class-weights', 'label-smoothing'] as const;

/** Softmax regression on samples of four numbers, and what is tuned of it. */
async function tiny(tuned: readonly HyperparameterName[]) {
  const network = await loadModel('logreg', { inputShape: [inputs], classes });
  const [train, validation] = [samples(12), samples(9)];
  const first = firstDenseLayer(network, [inputs]);
  const facts: Facts = {
    arrays: Object.keys(network.initialParameters()).filter(
      (name) => !(tuned.includes('feature-l2') && name === first?.array),
    ),
    first,
    inputs: ['a', 'b', 'c', 'd'],
    classes: ['x', 'y', 'z'],
    counts: [0, 1, 2].map((label) => train.labels.toArray().filter((each) => each === label).length),
    decay: 0.01,
    parameters: network.initialParameters(),
    learningRate: 0.3,
  };
  const problem = tuningProblem(network, { train, validation }, tuned, facts, { seed: 0, spread: 0.7 });
  return { network, train, validation, facts, problem };
}

/** A point at which no number is like another. */
const scattered = (count: number, scale = 0.5): number[] =>
  Array.from({ length: count }, () => scale * random.normal());

test('f and g are those of the page in float64', async (t) => {
  const { network, train, validation, facts, problem } = await tiny(ofOptimum);
  const numbers = {
    l2: [-3],
    'feature-l2': [-4, -2, -1, 0.5],
    'class-weights': [0.3, -0.5, 0.8],
    'label-smoothing': [-2],
  };
  const u = Object.fromEntries(Object.entries(numbers).map(([name, each]) => [name, Tensor.from(each)]));
  const v = Object.fromEntries(
    Object.entries(network.initialParameters()).map(([name, { shape, size }]) => [
      name,
      Tensor.from(scattered(size), shape),
    ]),
  );
  const ours = await evaluate(problem, { u, v }, { device });
  const [weight = [], bias = []] = Object.values(v).map((each) => each.toArray());
  const logProbabilities = (x: readonly number[]): number[] => {
    const logits = bias.map((shift, k) =>
      x.reduce((sum, each, i) => sum + each * (weight[inputs * k + i] ?? 0), shift),
    );
    const total = Math.log(logits.reduce((sum, each) => sum + Math.exp(each), 0));
    return logits.map((each) => each - total);
  };
  const rowsOf = ({ inputs: x, labels }: typeof train) =>
    labels
      .toArray()
      .map((label, row) => ({ label, log: logProbabilities(x.toArray().slice(inputs * row, inputs * (row + 1))) }));
  const meanOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  const prior = Object.values(numbers).flatMap((each) => each.map((one) => (one - meanOf(each)) ** 2));
  const f =
    meanOf(rowsOf(validation).map(({ label, log }) => -(log[label] ?? 0))) +
    prior.reduce((a, b) => a + b) / (2 * 9 * 0.49);
  t.true(Math.abs(ours.f - f) < 1e-6, `${ours.f} and ${f}`);
  const weights = hyperparameters['class-weights'].values(numbers['class-weights'], facts);
  const share = 1 / (1 + Math.exp(2));
  t.deepEqual(hyperparameters['label-smoothing'].values([-2], facts), [share]);
  t.true(Math.abs(meanOf(train.labels.toArray().map((label) => weights[label] ?? 0)) - 1) < 1e-12);
  const losses = rowsOf(train).map(
    ({ label, log }) => (weights[label] ?? 0) * ((1 - share) * -(log[label] ?? 0) + share * -meanOf(log)),
  );
  const decays = weight.map((each, at) => Math.exp(numbers['feature-l2'][at % inputs] ?? 0) * each ** 2);
  const ofBias = bias.map((each) => Math.exp(-3) * each ** 2);
  const g = meanOf(losses) + 0.5 * [...decays, ...ofBias].reduce((a, b) => a + b);
  t.true(Math.abs(ours.g - g) < 1e-6, `${ours.g} and ${g}`);
});

test('derivatives of every kind are those of differences', async (t) => {
  const { problem } = await tiny(ofOptimum);
  const { derivatives } = await checkProblem(problem, { device });
  for (const [name, { error, compared }] of Object.entries(derivatives)) {
    t.true(compared > 0 && (error ?? 1) < 1e-5, `${name}: ${error}`);
  }
});

test('images changed in each way have their share of g', async (t) => {
  const images = (count: number) => ({
    inputs: Tensor.from(
      Float32Array.from({ length: 36 * count }, () => random.uniform()),
      [count, 1, 6, 6],
    ),
    labels: samples(count).labels,
  });
  const network = await loadModel('logreg', { inputShape: [1, 6, 6], classes });
  const sets = { train: images(8), validation: images(6) };
  const parameters = network.initialParameters();
  const facts: Facts = {
    ...(await tiny(ofOptimum)).facts,
    arrays: Object.keys(parameters),
    parameters,
    counts: [0, 1, 2].map((label) => sets.train.labels.toArray().filter((each) => each === label).length),
  };
  const problemOf = (tuned: readonly HyperparameterName[]) =>
    tuningProblem(network, sets, tuned, facts, { seed: 0, spread: 1 });
  const problem = problemOf(['augmentation', 'class-weights', 'label-smoothing']);
  const alike = firstHyperparameters(['class-weights', 'label-smoothing'], facts);
  const v = Object.fromEntries(
    Object.entries(parameters).map(([name, { shape, size }]) => [name, Tensor.from(scattered(size), shape)]),
  );
  const gAt = async (u: readonly number[]): Promise<number> =>
    (await evaluate(problem, { u: { augmentation: Tensor.from(u), ...alike }, v }, { device })).g;
  const none = [-40, -40, -40, -40];
  const asGiven = await evaluate(problemOf(['class-weights', 'label-smoothing']), { u: alike, v }, { device });
  t.true(Math.abs((await gAt(none)) - asGiven.g) < 1e-6);
  const alone = await Promise.all(none.map((_, way) => gAt(none.with(way, 40))));
  t.is(new Set([asGiven.g, ...alone].map((each) => each.toFixed(6))).size, 5);
  const u = [-1, 0.5, 0, -2];
  const shares = hyperparameters.augmentation.values(u, facts);
  const left = 1 - shares.reduce((a, b) => a + b);
  t.true(Math.abs((shares[1] ?? 0) / left - Math.exp(0.5)) < 1e-9);
  const mixed = shares.reduce((sum, share, way) => sum + share * (alone[way] ?? 0), left * asGiven.g);
  t.true(Math.abs((await gAt(u)) - mixed) < 1e-5, `${await gAt(u)} and ${mixed}`);
  const { derivatives } = await checkProblem(problem, { device });
  for (const [name, { error, compared }] of Object.entries(derivatives)) {
    t.true(compared > 0 && (error ?? 1) < 1e-4, `${name}: ${error}`);
  }
});

const steps = 7;

test('a training by steps moves every array by its own rate from its own start', async (t) => {
  const { network, train, facts, problem } = await tiny(['learning-rates', 'initial-values']);
  const [weights = '', bias = ''] = Object.keys(facts.parameters);
  t.deepEqual(scalableArrays({ ...facts.parameters, [bias]: Tensor.from([0, 0, 0]) }), [weights]);
  const [rates, factors] = [
    [0.4, 0.9],
    [3, 0.5],
  ];
  const u = {
    'learning-rates': Tensor.from(rates.map(Math.log)),
    'initial-values': Tensor.from(factors.map(Math.log)),
  };
  const trained = await trainBySteps(problem, u, { steps, device, signal: new AbortController().signal }, facts);
  // The same in float64, by hand.
  const [w = [], b = []] = [weights, bias].map((name, at) =>
    (network.initialParameters()[name]?.toArray() ?? []).map((each) => (factors[at] ?? 0) * each),
  );
  const [x, labels] = [train.inputs.toArray(), train.labels.toArray()];
  for (let step = 0; step < steps; step++) {
    const [ofW, ofB] = [w.map((each) => facts.decay * each), b.map((each) => facts.decay * each)];
    for (const [row, label] of labels.entries()) {
      const logits = b.map((shift, k) =>
        Array.from({ length: inputs }, (_, i) => (x[inputs * row + i] ?? 0) * (w[inputs * k + i] ?? 0)).reduce(
          (sum, each) => sum + each,
          shift,
        ),
      );
      const total = logits.reduce((sum, each) => sum + Math.exp(each), 0);
      for (const [k, logit] of logits.entries()) {
        const error = (Math.exp(logit) / total - (k === label ? 1 : 0)) / labels.length;
        ofB[k] = (ofB[k] ?? 0) + error;
        for (let i = 0; i < inputs; i++) {
          ofW[inputs * k + i] = (ofW[inputs * k + i] ?? 0) + error * (x[inputs * row + i] ?? 0);
        }
      }
    }
    for (const [at, each] of ofW.entries()) w[at] = (w[at] ?? 0) - (rates[0] ?? 0) * each;
    for (const [at, each] of ofB.entries()) b[at] = (b[at] ?? 0) - (rates[1] ?? 0) * each;
  }
  const near = (ours: Tensor | undefined, theirs: readonly number[]): boolean =>
    ours?.size === theirs.length && ours.toArray().every((each, at) => Math.abs(each - (theirs[at] ?? 0)) < 1e-5);
  t.true(near(trained.parameters[weights], w));
  t.true(near(trained.parameters[bias], b));
  t.false(near(trained.v[weights], w));
});

test('methods of whole trainings move along the derivative of f after them', async (t) => {
  const tuned = ['learning-rates', 'initial-values', 'feature-l2'] as const;
  const { facts, problem } = await tiny(tuned);
  const first = firstHyperparameters(tuned, facts);
  const fAt = async (name: string, at: number, by: number): Promise<number> => {
    const moved = first[name]?.toArray() ?? [];
    const u = { ...first, [name]: Tensor.from(moved.with(at, (moved[at] ?? 0) + by)) };
    return (await trainBySteps(problem, u, { steps, device, signal: new AbortController().signal }, facts)).f;
  };
  for (const method of ['rmd', 'fmd'] as const) {
    const rate = 1e-3;
    const options = { lowerSteps: steps, warmStart: false, lowerLearningRate: stepOfOffsets, upperLearningRate: rate };
    using solver = methods[method](problem, options, { device });
    const state = solver.init();
    await solver.step(state);
    for (const name of tuned) {
      for (const [at, start] of (first[name]?.toArray() ?? []).entries()) {
        const ours = (start - (state.u[name]?.toArray()[at] ?? 0)) / rate;
        const theirs = ((await fAt(name, at, 0.02)) - (await fAt(name, at, -0.02))) / 0.04;
        t.true(Math.abs(ours - theirs) < 2e-3, `${method}, ${name} ${at}: ${ours} and ${theirs}`);
      }
    }
  }
});

test('what is not tuned has the decay of the settings, weights alike and no smoothing', async (t) => {
  const { network, train, facts, problem } = await tiny(['class-weights']);
  t.deepEqual(
    problem.upper.map(({ name }) => name),
    ['class-weights'],
  );
  const v = network.initialParameters();
  const { g } = await evaluate(problem, { u: firstHyperparameters(['class-weights'], facts), v }, { device });
  const { f } = await evaluate(
    tuningProblem(network, { train, validation: train }, ['class-weights'], facts, { seed: 0, spread: 1 }),
    { u: firstHyperparameters(['class-weights'], facts), v },
    { device },
  );
  const squares = Object.values(v).flatMap((each) => each.toArray().map((one) => one ** 2));
  t.true(Math.abs(g - f - 0.005 * squares.reduce((a, b) => a + b)) < 1e-6);
});

test('the first layer is found where it is dense, whichever way its matrix lies', async (t) => {
  const digits = { inputShape: [1, 28, 28], classes: 10 };
  for (const name of ['logreg', 'mlp', 'lenet']) {
    const network = await loadModel(name, digits);
    const first = firstDenseLayer(network, digits.inputShape);
    if (name === 'lenet') {
      t.is(first, undefined);
      continue;
    }
    const { array, axis, size } = first ?? { array: '', axis: 0, size: 0 };
    t.is(size, 784);
    const shape = network.parameters.get(array)?.shape ?? [];
    t.is(shape[axis], 784);
    t.not(shape[1 - axis], 784);
  }
});

test('a grid becomes finer and repeats nothing, and candidates stay in their ranges', async (t) => {
  for (const axes of [1, 2]) {
    const points = Array.from({ length: 9 ** axes }, (_, index) => gridPoint(index, axes).join());
    t.is(new Set(points).size, 9 ** axes);
    t.deepEqual(gridPoint(0, axes), new Array(axes).fill(0.5));
    const three = Array.from({ length: 3 ** axes }, (_, index) => gridPoint(index, axes)).flat();
    t.deepEqual([...new Set(three)].toSorted(), [0.5 / 3, 0.5, 2.5 / 3]);
  }
  const { facts } = await tiny(ofOptimum);
  const drawn = { seed: 3, spread: 4 };
  for (let index = 0; index < 50; index++) {
    const candidate = randomCandidate(index, hyperparameterNames, facts, drawn);
    t.deepEqual(randomCandidate(index, hyperparameterNames, facts, drawn), candidate);
    for (const name of hyperparameterNames) {
      const { range, names } = hyperparameters[name];
      const numbers = candidate[name]?.toArray() ?? [];
      t.is(numbers.length, names(facts).length);
      t.true(numbers.every((each) => each >= range[0] - 1e-5 && each <= range[1] + 1e-5));
    }
  }
  // By hand classes are weighed by what they lack: a rare class more.
  const { shared } = hyperparameters['class-weights'];
  const rare = { ...facts, counts: [8, 2, 2] };
  t.deepEqual(shared(0, rare), [0, 0, 0]);
  t.deepEqual(
    hyperparameters['class-weights'].values(shared(1, rare), rare).map((each) => Number(each.toFixed(9))),
    [0.5, 2, 2],
  );
});

test('settings that cannot be meant are refused with what to do', async (t) => {
  const refused = (given: object, message: RegExp) =>
    t.throws(() => tuningStudy.validate({ ...given }), { code: 'INVALID_ARGUMENT', message });
  refused({ tune: 'l2,l3' }, /names of l2, feature-l2, class-weights, label-smoothing.*option tune of tune.*"l3"/);
  refused({ methods: 'grid,mrbbo' }, /names of untuned, grid, random, mrbo.*"mrbbo"/);
  refused(
    { tune: 'l2,learning-rates', methods: 'aidCg' },
    /aidCg of tune differentiates where a training ends.*take .*rmd, fmd/,
  );
  refused({ methods: 'grid,rmd' }, /rmd of tune differentiates all steps of a training.*take .*aidCg/);
  refused({ seconds: 3, iterations: 4 }, /seconds or iterations/);
  refused({ data: 'nothing' }, /mnist/);
  t.throws(() => tuningStudy.validate({ secnds: 3 }), { code: 'UNKNOWN_OPTION' });
  const { shared } = tuningStudy.validate({ network: 'lenet', train: 20, validation: 20 });
  await t.throwsAsync(loadTuningInputs(shared), {
    code: 'INVALID_ARGUMENT',
    message: /first layer of lenet is not dense/,
  });
});

test('digits are drawn in parts, and their pixels have places and a picture', async (t) => {
  const { shared } = tuningStudy.validate({});
  const { facts, train, validation, test: rest } = await loadTuningInputs(shared);
  t.deepEqual(
    [train, validation, rest].map(({ labels }) => labels.size),
    [500, 2000, 10_000],
  );
  t.is(
    facts.counts.reduce((a, b) => a + b),
    500,
  );
  t.deepEqual([facts.inputs[0], facts.inputs[29], facts.inputs[783]], ['0,0,0', '0,1,1', '0,27,27']);
  const u = firstHyperparameters(['feature-l2'], facts);
  t.regex(decayImage(u, [1, 28, 28]) ?? '', /^data:image\/png;base64,/);
  t.is(decayImage(u, [784]), undefined);
  t.is(decayImage({}, [1, 28, 28]), undefined);
  await t.throwsAsync(loadTuningInputs({ ...shared, train: 59_000, validation: 2000 }), {
    code: 'INVALID_ARGUMENT',
    message: /at most the 60000 samples/,
  });
});

/** A table of two classes, of which one column of five tells which. */
async function table(folder: string): Promise<string> {
  const draw = Random.fromSeed(2, 'table');
  const rows = Array.from({ length: 90 }, (_, row) => {
    const signal = (row % 2 === 0 ? 1 : -1) + 0.8 * draw.normal();
    const cells = [signal, ...Array.from({ length: 4 }, () => draw.normal())].map((each) => each.toFixed(4));
    return [...cells, row % 2 === 0 ? 'yes' : 'no'].join();
  });
  const path = join(folder, 'table.csv');
  await writeFile(path, ['signal,n1,n2,n3,n4,outcome', ...rows].join('\n'));
  return path;
}

const small = { label: 'outcome', iterations: 6, measurements: 3, tune: 'feature-l2,label-smoothing' };

test('every way to tune makes its iterations, keeps its best and never tells more than it found', (t) =>
  withTemporary(async (parent) => {
    const settings = tuningStudy.validate({ ...small, data: await table(parent) });
    const { results } = await runStudy(tuningStudy, settings, { out: join(parent, 'run'), device });
    t.deepEqual(
      results.outcomes.map(({ job }) => job.method),
      [...approachesTo('optimum')],
    );
    const responses = results.outcomes.map(({ measured, failure }) => {
      t.is(failure, undefined);
      const { rows, ending } = measured;
      const judged = rows.map(({ response }) => response);
      t.is(ending?.response, Math.min(...judged));
      t.is(ending?.iteration, rows[judged.indexOf(Math.min(...judged))]?.iteration);
      t.true(rows.every(({ best }, at) => best === Math.min(...judged.slice(0, at + 1))));
      t.true((ending?.accuracy ?? 0) > 50);
      t.deepEqual([rows.at(-1)?.testLoss, rows.at(-1)?.accuracy], [ending?.testLoss, ending?.accuracy]);
      return ending?.response ?? Number.NaN;
    });
    const [untuned = 0, ...others] = responses;
    t.true(others.every((each) => each <= untuned));
    t.true(Math.min(...others) < untuned);
    const folder = join(parent, 'run', 'aidCg', 'seed-0');
    const values = JSON.parse(await readFile(join(folder, 'values.json'), 'utf8'));
    t.deepEqual(Object.keys(values), ['feature-l2', 'label-smoothing']);
    t.deepEqual(Object.keys(values['feature-l2']), ['signal', 'n1', 'n2', 'n3', 'n4']);
    t.deepEqual((await Network.load(join(folder, 'network.onnx'))).inputShape(2), [2, 5]);
    const [found, numbers] = tuningStudy.tables?.(results) ?? [];
    t.is(found?.rows.length, results.outcomes.length);
    t.deepEqual(numbers?.header, ['Tuned by', 'feature-l2', 'label-smoothing']);
  }));

test('learning rates and initial values are tuned by methods of whole trainings', (t) =>
  withTemporary(async (parent) => {
    const settings = tuningStudy.validate({
      ...{ ...small, tune: 'learning-rates,initial-values', learningRate: 0.001, steps: 20, data: await table(parent) },
    });
    const { results } = await runStudy(tuningStudy, settings, { out: join(parent, 'run'), device });
    t.deepEqual(
      results.outcomes.map(({ job }) => job.method),
      ['untuned', 'grid', 'random', 'rmd', 'fmd', 'hozog', 'pzobo'],
    );
    const [untuned = 0, ...others] = results.outcomes.map(({ measured }) => measured.ending?.response ?? Number.NaN);
    for (const [at, each] of others.entries()) {
      t.true(each < untuned, `${results.outcomes[at + 1]?.job.method}: ${each} and ${untuned}`);
    }
    const [, numbers] = tuningStudy.tables?.(results) ?? [];
    t.regex(numbers?.rows.at(-1)?.[1] ?? '', /^\S+ \S+, \S+ \S+$/);
    t.regex(tuningStudy.tables?.(results)[0]?.note ?? '', /by 20 plain steps/);
  }));

test('a search goes on after a training that ran away', (t) =>
  withTemporary(async (parent) => {
    const settings = tuningStudy.validate({
      // Plain steps by more than 2 run away from a decay of 1; the last rate is 5.
      ...{ label: 'outcome', iterations: 9, tune: 'learning-rates', decay: 1, steps: 500, learningRate: 0.1 },
      ...{ methods: 'grid', data: await table(parent) },
    });
    const { results } = await runStudy(tuningStudy, settings, { out: join(parent, 'run'), device });
    const { rows = [], ending } = results.outcomes[0]?.measured ?? {};
    t.deepEqual(
      rows.map(({ response }) => Number.isNaN(response)),
      [...new Array(9).fill(false), true],
    );
    t.true(Number.isFinite(ending?.response));
  }));

test('a stopped run goes on to the same bits', (t) =>
  withTemporary(async (parent) => {
    for (const method of ['random', 'mrbo', 'penalty']) {
      const settings = tuningStudy.validate({ ...small, methods: method, data: await table(parent) });
      const run = async (name: string, stopAt?: number) => {
        const controller = new AbortController();
        if (stopAt === 0) setImmediate(() => controller.abort());
        const report = (_: string, done: number): void => {
          if (stopAt !== undefined && done >= stopAt) controller.abort();
        };
        const { stopped } = await runStudy(tuningStudy, settings, {
          ...{ out: join(parent, method, name), device, signal: controller.signal, report },
          resume: name === 'stopped' && stopAt !== 0,
        });
        t.is(stopped, stopAt !== undefined);
      };
      await run('whole');
      // First before anything is judged.
      await run('stopped', 0);
      t.true(existsSync(join(parent, method, 'stopped', method, 'seed-0', 'state.safetensors')));
      await run('stopped', 3);
      await run('stopped');
      for (const file of ['network.onnx', 'values.json']) {
        const [whole, stopped] = await Promise.all(
          ['whole', 'stopped'].map((name) => readFile(join(parent, method, name, method, 'seed-0', file))),
        );
        t.true(whole?.equals(stopped as Buffer), `${method}: ${file}`);
      }
    }
  }));

test('the command tunes a table of its reader, and goes on with more time', (t) =>
  withTemporary(async (parent) => {
    const data = await table(parent);
    const out = join(parent, 'run');
    const words = ['tune', '--data', data, '--label', 'outcome', '--methods', 'untuned,grid,aidCg', '--threads', '1'];
    const { status, stdout } = await bilevel(...words, '--iterations', '3', '--out', out);
    t.is(status, 0, stdout);
    t.regex(stdout, /^Untuned +\d/m);
    t.regex(stdout, /^AID-CG +\d/m);
    t.regex(await readFile(join(out, 'report.html'), 'utf8'), /lowest f\(u, v\*\) so far/);
    t.true(existsSync(join(out, 'response.svg')));
    const more = await bilevel('tune', '--resume', out, '--iterations', '5', '--json');
    t.is(more.status, 0, more.stderr);
    const { runs } = JSON.parse(more.stdout);
    t.is(runs[1].curve.length, 6);
    const wrong = await bilevel(...words, '--tune', 'decay', '--json', '--out', join(parent, 'other'));
    t.is(errorOf(wrong).code, 'INVALID_ARGUMENT');
    t.false(existsSync(join(parent, 'other')));
  }));
