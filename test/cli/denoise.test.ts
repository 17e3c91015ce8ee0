import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { readSafetensors } from '../../lib/data/safetensors.js';
import { baselines as allBaselines, loadDenoisingInputs, validateSettings } from '../../lib/tasks/denoising/index.js';
import type { Tensor } from '../../lib/tensor.js';
import { bilevel, smallRun } from '../support/command-line.js';
import { testDevice } from '../support/devices.js';
import { runByRuntime } from '../support/onnx/runtime.js';
import { withTemporary } from '../support/temporary.js';

const device = testDevice();
test.after.always(() => device.dispose());

const baselineTitles = allBaselines.map(({ title }) => title);

/** The rows of a table of numbers with a header. */
async function readCsv(path: string): Promise<{ readonly header: string[]; readonly rows: number[][] }> {
  const [header = '', ...lines] = (await readFile(path, 'utf8')).trimEnd().split('\n');
  return { header: header.split(','), rows: lines.map((line) => line.split(',').map(Number)) };
}

test('a run leaves its results in its folder, and they agree with each other and with ONNX Runtime', (t) =>
  withTemporary(async (parent) => {
    const folder = join(parent, 'run');
    const { status, stdout } = await bilevel('denoise', ...smallRun, '--out', folder, '--json');
    t.is(status, 0);
    const { seeds, methods } = JSON.parse(stdout);
    t.is(seeds.length, 1);
    const [result] = seeds;
    const { penalty } = result.methods;
    t.is(result.seed, 0);
    t.is(result.folder, folder);
    t.is(result.lowerSteps, 2 * 2 * 20);
    t.is(result.corrupted, 200);
    t.true(result.seconds > result.iterationSeconds && result.iterationSeconds > 0 && result.stepsPerSecond > 0);
    t.deepEqual(
      methods.map(({ title }: { title: string }) => title),
      [...baselineTitles.slice(0, -1), 'Penalty', 'Penalty, retrained', 'Oracle'],
    );
    for (const { name, accuracy, auc, precision, recall } of methods) {
      t.is(accuracy.mean, result.methods[name].accuracy);
      t.is(auc.mean, result.methods[name].auc);
      t.true(accuracy.mean > 30 && accuracy.mean < 95, `${name} ${accuracy.mean}`); // chance is 10
      // Two epochs are too few for the importances.
      const least = name === 'penalty' || name === 'retrained' ? [0.3, 30, 30] : [0.6, 50, 40];
      const found = [auc.mean, precision.mean, recall.mean];
      t.true(
        found.every((value, at) => value > (least[at] ?? 1)),
        `${name} ${found}`,
      );
    }
    t.like(result.methods.oracle, { auc: 1, precision: 100, recall: 100 });

    t.deepEqual((await readdir(folder)).toSorted(), [
      'config.json',
      'importance.csv',
      'importance.npy',
      'metrics.jsonl',
      'network.onnx',
      'report.html',
      'state.safetensors',
      'study.json',
    ]);
    const configuration = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'));
    t.like(configuration, {
      task: { train: 400, epochs: 2, seed: 0 },
      method: { variant: 'authors', slots: 'sample' },
    });
    const lines = (await readFile(join(folder, 'metrics.jsonl'), 'utf8')).trimEnd().split('\n');
    const metrics = lines.map((line) => JSON.parse(line));
    const compared = metrics.slice(0, -4);
    t.is(compared.length, baselineTitles.length);
    for (const { method, ...judgement } of compared) t.deepEqual(judgement, result.methods[method]);
    t.like(metrics.at(-1), { iteration: 4, epoch: 2, accuracy: penalty.accuracy });
    t.is(metrics.at(-4).accuracy, undefined);
    t.regex(await readFile(join(folder, 'report.html'), 'utf8'), /<svg/);

    const { data } = await loadDenoisingInputs(validateSettings(configuration.task), device);
    const { header, rows } = await readCsv(join(folder, 'importance.csv'));
    t.deepEqual(header, ['index', 'given_label', 'predicted_label', 'true_label', 'weight']);
    const column = (index: number): number[] => rows.map((row) => row[index] as number);
    t.deepEqual(column(0), [...data.rows]);
    t.deepEqual(column(1), data.train.labels.toArray());
    t.deepEqual(column(3), data.trueLabels.toArray());
    const npy = await readFile(join(folder, 'importance.npy'));
    const weights = Array.from({ length: 400 }, (_, row) => npy.readFloatLE(npy.length - 4 * 400 + 4 * row));
    for (const [row, weight] of weights.entries()) t.true(Math.abs(weight - (column(4)[row] as number)) < 1e-6);
    const flagged = rows.filter(([, , , , weight = 1]) => weight < 0.5);
    const found = flagged.filter(([, given, , actual]) => given !== actual);
    t.is(result.flagged, flagged.length);
    t.is(penalty.precision, (100 * found.length) / flagged.length);

    // The saved network predicts by ONNX Runtime what the table and the accuracy say.
    const model = await readFile(join(folder, 'network.onnx'));
    const predict = async (inputs: Tensor) => {
      const feed = { type: 'float32', shape: inputs.shape, data: inputs.toArray() } as const;
      const logits = await runByRuntime(model, { image: feed });
      return Array.from({ length: inputs.shape[0] ?? 0 }, (_, row) => {
        const scores = logits.data.slice(10 * row, 10 * row + 10);
        return scores.indexOf(Math.max(...scores));
      });
    };
    t.deepEqual(await predict(data.train.inputs), column(2));
    const truth = data.test.labels.toArray();
    const right = (await predict(data.test.inputs)).filter((label, row) => label === truth[row]);
    t.is(100 * (right.length / truth.length), penalty.accuracy);

    const { tensors } = await readSafetensors(join(folder, 'state.safetensors'));
    t.true(tensors.has('u/importance'));
  }));

test('the same seed gives the same bytes, and several seeds give means', (t) =>
  withTemporary(async (parent) => {
    const run = ['denoise', ...smallRun, '--no-baselines', '--json'];
    const single = await bilevel(...run, '--seed', '3', '--out', join(parent, 'single'));
    const both = await bilevel(...run, '--seed', '3', '--seeds', '2', '--out', join(parent, 'both'));
    t.is(single.status, 0);
    t.is(both.status, 0);
    for (const file of ['importance.npy', 'importance.csv', 'network.onnx']) {
      const bytes = await readFile(join(parent, 'single', file));
      t.deepEqual(await readFile(join(parent, 'both', 'seed-3', file)), bytes, file);
      t.notDeepEqual(await readFile(join(parent, 'both', 'seed-4', file)), bytes, file);
    }
    const { seeds, methods } = JSON.parse(both.stdout);
    const [first, second] = seeds;
    t.deepEqual([first.seed, second.seed], [3, 4]);
    t.deepEqual(first.methods, JSON.parse(single.stdout).seeds[0].methods);
    t.deepEqual(
      methods.map(({ title }: { title: string }) => title),
      ['Penalty', 'Penalty, retrained'],
    );
    const [{ accuracy, auc }] = methods;
    const pair = [first.methods.penalty, second.methods.penalty];
    t.true(Math.abs(accuracy.mean - (pair[0].accuracy + pair[1].accuracy) / 2) < 1e-9);
    t.true(Math.abs(auc.mean - (pair[0].auc + pair[1].auc) / 2) < 1e-12);
    t.true(auc.deviation > 0);
  }));

test("the paper's form finds the wrong labels", (t) =>
  withTemporary(async (parent) => {
    const sizes = [
      '--form',
      'paper',
      '--train',
      '2000',
      '--validation',
      '2000',
      '--train-steps',
      '500',
      '--no-baselines',
    ];
    const { stdout } = await bilevel('denoise', ...sizes, '--out', join(parent, 'run'), '--json');
    const [{ methods }] = JSON.parse(stdout).seeds;
    const { penalty, retrained } = methods;
    t.log(`AUC ${penalty.auc}, accuracy ${penalty.accuracy}, retrained ${retrained.accuracy}`);
    t.true(penalty.auc > 0.9);
    t.true(penalty.accuracy > 80);
    t.true(retrained.accuracy > 80);
    t.true(penalty.precision > 75 && penalty.recall > 75);
  }));

test("ApproxGrad solves the paper's form with options of its own", (t) =>
  withTemporary(async (parent) => {
    const folder = join(parent, 'run');
    const own = [
      '--method',
      'approxGrad',
      '--no-baselines',
      '--linear-steps',
      '5',
      '--pretrain-learning-rate',
      '0.001',
    ];
    const { status, stdout } = await bilevel('denoise', ...smallRun, ...own, '--out', folder, '--json');
    t.is(status, 0);
    const { methods } = JSON.parse(stdout);
    t.deepEqual(
      methods.map(({ title }: { title: string }) => title),
      ['ApproxGrad', 'ApproxGrad, retrained'],
    );
    const [{ auc, accuracy }] = methods;
    const rows = (await readFile(join(folder, 'metrics.jsonl'), 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    t.deepEqual(
      rows.map((row) => [row.hessianVectorProducts, 'linearResidual' in row, 'auc' in row]),
      [1, 2, 3, 4].map((iteration) => [10 * iteration, true, iteration % 2 === 0]),
    );
    t.like(rows.at(-1), { auc: auc.mean, accuracy: accuracy.mean });
    const refused = await bilevel('denoise', '--method', 'approxGrad', '--gamma', '1', '--out', join(parent, 'none'));
    t.is(refused.status, 1);
    t.regex(refused.stderr, /approxGrad has no option "gamma"/);
  }));

test("by default a run cleans by cross-fitting, and shows the paper's form and the baselines beside it", (t) =>
  withTemporary(async (parent) => {
    const folder = join(parent, 'run');
    const sizes = [
      '--train',
      '1000',
      '--validation',
      '100',
      '--epochs',
      '2',
      '--noise',
      '0.4',
      '--noise-kind',
      'pair-flip',
    ];
    const { stdout } = await bilevel('denoise', ...sizes, '--train-steps', '200', '--out', folder, '--json');
    const { seeds, methods } = JSON.parse(stdout);
    t.deepEqual(
      methods.map(({ title }: { title: string }) => title),
      [...baselineTitles.slice(0, -1), 'Penalty', 'Penalty, retrained', 'Cross-fitted', 'Oracle'],
    );
    const [{ methods: judged, noise, decay, corrupted }] = seeds;
    const { crossFitted } = judged;
    t.log(crossFitted, noise, decay);
    t.is(corrupted, 400);
    t.true(Math.abs(noise.rate - 0.4) < 0.05, `${noise.rate}`);
    t.true(noise.shares.table > 0.8, 'the noise goes by the class');
    t.true(decay['1.weight'] > 1e-5 && decay['1.weight'] < 1e-1);
    for (const name of ['validation', 'given', 'selfTraining', 'smallLoss', 'confidentLearning', 'penalty']) {
      t.true(crossFitted.auc > judged[name].auc, `${name} ${judged[name].auc}`);
      t.true(crossFitted.accuracy > judged[name].accuracy, `${name} ${judged[name].accuracy}`);
    }
    const { header, rows } = await readCsv(join(folder, 'importance.csv'));
    t.is(header[4], 'weight');
    t.is(rows.filter(([, , , , weight = 1]) => weight < 0.5).length, seeds[0].flagged);
    const page = await readFile(join(folder, 'report.html'), 'utf8');
    for (const title of [...baselineTitles, 'Cross-fitted']) t.true(page.includes(title), title);
  }));

test('people get a table, and lines about the stages where the output is no terminal', (t) =>
  withTemporary(async (parent) => {
    const folder = join(parent, 'run');
    const { status, stdout, stderr } = await bilevel('denoise', ...smallRun, '--noise', '0', '--out', folder);
    t.is(status, 0);
    for (const title of [...baselineTitles, 'Penalty', 'Penalty, retrained']) {
      // Without wrong labels nothing can be ranked.
      t.regex(stdout, new RegExp(`^${title.replace('+', '\\+')} +– +\\d\\d\\.\\d\\d `, 'm'));
    }
    t.notRegex(stdout, /NaN|undefined|Infinity/);
    t.regex(stderr, /^Penalty {2}100 % {2}\d+\.\d s {2}f \d/m);
    t.true(stderr.trimEnd().split('\n').length <= 8, stderr);
  }));

for (const [what, options] of Object.entries({
  'batches that do not divide the data': ['--batch', '7', '--train', '401', '--validation', '33'],
  'one validation sample': ['--validation', '1', '--batch', '1', '--train', '20'],
  'only wrong labels': ['--noise', '1'],
  'no trusted sample': ['--trust', '1'],
})) {
  test(`a run with ${what} ends well`, (t) =>
    withTemporary(async (parent) => {
      const given = [...smallRun, '--no-baselines', ...options];
      const { status, stdout } = await bilevel('denoise', ...given, '--out', join(parent, 'run'), '--json');
      t.is(status, 0);
      const [{ methods, trusted, lowerSteps, warnings }] = JSON.parse(stdout).seeds;
      t.true(methods.penalty.accuracy >= 0 && methods.penalty.accuracy <= 100);
      if (what === 'no trusted sample') {
        t.is(trusted, 0);
        t.true(
          warnings.some((warning: string) => warning.startsWith('No sample was trusted')),
          warnings.join(),
        );
      }
      if (what === 'batches that do not divide the data') t.is(lowerSteps, 2 * 57 * 20);
    }));
}
