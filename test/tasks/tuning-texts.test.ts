import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { SparseRows } from '../../lib/data/sparse-rows.js';
import { Classifier } from '../../lib/network/classifier.js';
import { Network } from '../../lib/onnx/index.js';
import { runStudy } from '../../lib/study/index.js';
import { approachesTo } from '../../lib/tasks/tuning/approaches.js';
import { loadTuningInputs } from '../../lib/tasks/tuning/data.js';
import { validateSettings } from '../../lib/tasks/tuning/settings.js';
import { tuningStudy } from '../../lib/tasks/tuning/study.js';
import { Tensor } from '../../lib/tensor.js';
import { bilevel, errorOf } from '../support/command-line.js';
import { testDevice } from '../support/devices.js';
import { telling, writePosts } from '../support/posts.js';
import { withTemporary } from '../support/temporary.js';

const device = testDevice();
test.after.always(() => device.dispose());

const settingsOf = (given: Readonly<Record<string, unknown>>) => validateSettings(given).shared;

/** Sparse rows written out. */
function dense({ extents, indices, values, size, columns }: SparseRows): Tensor<'float32'> {
  const rows = Tensor.zeros([size, columns]);
  for (let row = 0; row < size; row++) {
    const [begin = 0, count = 0] = extents.data.slice(2 * row, 2 * row + 2);
    for (let k = begin; k < begin + count; k++) {
      rows.data[row * columns + (indices.data[k] ?? 0)] = values.data[k] ?? 0;
    }
  }
  return rows;
}

test('texts become sparse rows over the words of the training part alone', (t) =>
  withTemporary(async (folder) => {
    await writePosts(folder, 12);
    const settings = settingsOf({ data: `text:${folder}`, headers: 'strip', test: 0.25, seed: 1 });
    t.is(settings.network, 'softmax');
    const { network, facts, train, validation, test: last } = await loadTuningInputs(settings);
    const sets = [train, validation, last].map(({ inputs }) => inputs);
    if (!sets.every((inputs) => inputs instanceof SparseRows)) return t.fail();
    t.deepEqual(
      sets.map(({ size }) => size),
      [14, 13, 9],
    );
    // Every word is one of some training text.
    const used = new Set(sets[0]?.indices.data);
    t.is(used.size, facts.inputs.length);
    t.deepEqual(facts.inputs, [...facts.inputs].toSorted());
    t.false(facts.inputs.includes('somebody'));
    t.deepEqual(facts.classes, Object.keys(telling));
    t.deepEqual(
      Object.values(network.initialParameters()).map(({ shape }) => shape),
      [[3, facts.inputs.length]],
    );
    const kept = await loadTuningInputs(settingsOf({ data: `text:${folder}`, test: 0.25, seed: 1, minDf: 14 }));
    t.deepEqual(kept.facts.inputs, ['example', 'from', 'question', 'somebody', 'subject']);
  }));

test('a network predicts the same of sparse rows as of dense ones', (t) =>
  withTemporary(async (folder) => {
    await writePosts(folder, 8);
    for (const name of ['softmax', 'logreg', 'mlp']) {
      const { network, train } = await loadTuningInputs(settingsOf({ data: `text:${folder}`, network: name }));
      if (!(train.inputs instanceof SparseRows)) return t.fail();
      using classifier = new Classifier(network, device);
      const parameters = network.initialParameters();
      const [a, b] = [
        await classifier.probabilities(train.inputs, parameters),
        await classifier.probabilities(dense(train.inputs), parameters),
      ];
      t.true(
        a.data.every((value, at) => Math.abs(value - (b.data[at] ?? 0)) < 1e-6),
        name,
      );
      t.is(
        await classifier.accuracy(train, parameters),
        await classifier.accuracy({ ...train, inputs: dense(train.inputs) }, parameters),
      );
    }
  }));

test('every way to tune works on texts, and the methods find decay that is better than none tuned', (t) =>
  withTemporary(async (folder) => {
    await writePosts(join(folder, 'posts'), 40);
    const settings = tuningStudy.validate({
      data: `text:${join(folder, 'posts')}`,
      ...{ headers: 'strip', iterations: 12, measurements: 2, decay: 0.1, rate: 0.5, trainSteps: 60 },
    });
    const { results } = await runStudy(tuningStudy, settings, { out: join(folder, 'run'), device });
    t.deepEqual(
      results.outcomes.map(({ job }) => job.method),
      [...approachesTo('optimum')],
    );
    const endings = results.outcomes.map(({ measured, failure }) => {
      t.is(failure, undefined);
      return measured.ending;
    });
    const [untuned, ...others] = endings;
    for (const each of others) t.true(Number(each?.response) < Number(untuned?.response));
    const values = JSON.parse(await readFile(join(folder, 'run/aidCg/seed-0/values.json'), 'utf8'));
    const decays: Record<string, number> = values['feature-l2'];
    t.true(
      Object.values(telling)
        .flat()
        .every((word) => Number.isFinite(decays[word])),
    );
    const network = await Network.load(join(folder, 'run/aidCg/seed-0/network.onnx'));
    t.deepEqual(Object.values(network.initialParameters())[0]?.shape, [3, Object.keys(decays).length]);
    t.true(endings.some((ending) => ending?.values['feature-l2']?.ends?.least.length === 10));
  }));

test('mini-batches of sparse rows are drawn for the methods', (t) =>
  withTemporary(async (folder) => {
    await writePosts(join(folder, 'posts'), 20);
    const settings = tuningStudy.validate({
      data: `text:${join(folder, 'posts')}`,
      ...{ methods: 'mrbo', batch: 8, iterations: 6, measurements: 1, decay: 0.1, trainSteps: 40 },
    });
    const { results } = await runStudy(tuningStudy, settings, { out: join(folder, 'run'), device });
    t.is(results.outcomes[0]?.failure, undefined);
    t.true(Number.isFinite(results.outcomes[0]?.measured.ending?.response));
  }));

test('networks that do something else with their input than multiply it are refused', (t) =>
  withTemporary(async (folder) => {
    await writePosts(folder, 6);
    const load = (given: object) => loadTuningInputs(settingsOf({ data: `text:${folder}`, tune: 'l2', ...given }));
    await t.throwsAsync(load({ network: 'lenet' }), { code: 'SHAPE_MISMATCH' });
    await t.throwsAsync(load({ test: 0 }), { code: 'INVALID_ARGUMENT', message: /option test of tune/ });
    await t.throwsAsync(load({ tune: 'augmentation' }), {
      code: 'INVALID_ARGUMENT',
      message: /Augmentation changes images/,
    });
  }));

test('bilevel tune on texts from the command line', (t) =>
  withTemporary(async (folder) => {
    await writePosts(join(folder, 'posts'), 15);
    const words = ['tune', '--data', `text:${join(folder, 'posts')}`, '--headers', 'strip', '--min-df', '2'];
    const out = join(folder, 'run');
    const run = await bilevel(
      ...words,
      '--methods',
      'untuned,aidCg',
      '--iterations',
      '3',
      '--train-steps',
      '50',
      '--out',
      out,
    );
    t.is(run.status, 0, run.stderr);
    t.regex(run.stdout, /^AID-CG +\d/m);
    t.regex(run.stdout, /Inputs by their weight decay/);
    const wrong = await bilevel(
      'tune',
      '--data',
      'posts.tsv',
      '--text',
      'words',
      '--json',
      '--out',
      join(folder, 'other'),
    );
    t.is(errorOf(wrong).code, 'NOT_FOUND');
  }));
