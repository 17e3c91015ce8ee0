import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { encodeNpy } from '../../../lib/data/npy.js';
import { Random } from '../../../lib/data/random.js';
import { parseCsv } from '../../../lib/data/tables/csv-table.js';
import { evaluate, input } from '../../../lib/graph/index.js';
import { loadModel } from '../../../lib/network/models.js';
import { decisionsSoFar, readDecisions } from '../../../lib/review/index.js';
import { encodeCleanedTable, encodeJudgedTable } from '../../../lib/tasks/denoising/own/cleaned-labels.js';
import { confusionTable, pairsOf } from '../../../lib/tasks/denoising/own/confusion.js';
import { findReasons } from '../../../lib/tasks/denoising/own/reasons.js';
import { loadOwnDataInputs, OwnDataRun } from '../../../lib/tasks/denoising/own/run.js';
import { validateOwnData } from '../../../lib/tasks/denoising/own/settings.js';
import { reviewOf } from '../../../lib/tasks/denoising/review.js';
import { datasetOptions } from '../../../lib/tasks/reading.js';
import { Tensor } from '../../../lib/tensor.js';
import { bilevel, errorOf } from '../../support/command-line.js';
import { flowerTable } from '../../support/data-files.js';
import { testDevice } from '../../support/devices.js';
import { hostile, isSafe } from '../../support/hostile.js';
import { withTemporary } from '../../support/temporary.js';

const device = testDevice();
test.after.always(() => device.dispose());

const species = ['lily', 'rose', 'tulip'];

/** A table of flowers in which every tenth row has the name of another species, and which rows those are. */
function mistakenTable(count: number): { readonly text: string; readonly wrong: ReadonlySet<number> } {
  const random = Random.fromSeed(5, 'mistakes');
  const [header = '', ...rows] = flowerTable(count).trimEnd().split('\n');
  const wrong = new Set([...rows.keys()].filter((row) => row % 10 === 4));
  const changed = rows.map((row, index) => {
    if (!wrong.has(index)) return row;
    const cells = row.split(',');
    const label = species.indexOf(cells.at(-1) ?? '');
    return [...cells.slice(0, -1), species[(label + 1 + random.integer(2)) % 3]].join();
  });
  return { text: `${[header, ...changed].join('\n')}\n`, wrong };
}

const quick = ['--train-steps', '200', '--threads', '1'];

test('mistakes in a table are found, and its rows come back with what was found', (t) =>
  withTemporary(async (parent) => {
    const { text, wrong } = mistakenTable(60);
    const [data, folder] = [join(parent, 'flowers.csv'), join(parent, 'run')];
    await writeFile(data, text);
    const run = await bilevel('denoise', '--data', data, '--label', 'species', ...quick, '--out', folder, '--json');
    t.is(run.status, 0, run.stderr);
    const result = JSON.parse(run.stdout);
    t.deepEqual([result.samples, result.clean, result.classes], [180, 0, species]);

    const judged = parseCsv(await readFile(join(folder, 'judged.csv')));
    const column = (name: string): readonly string[] => judged.columns.find((each) => each.name === name)?.cells ?? [];
    const original = parseCsv(Buffer.from(text));
    t.deepEqual(
      judged.columns.slice(0, 5).map(({ name, cells }) => ({ name, cells })),
      original.columns.map(({ name, cells }) => ({ name, cells })),
      'the rows of the file in its order',
    );
    t.deepEqual(
      judged.columns.slice(5).map(({ name }) => name),
      ['weight', 'suspicious', 'suggested_label'],
    );
    const flagged = new Set(column('suspicious').flatMap((answer, row) => (answer === 'yes' ? [row] : [])));
    t.is(result.suspicious, flagged.size);
    const found = [...flagged].filter((row) => wrong.has(row)).length;
    t.log(`${flagged.size} flagged, ${found} of ${wrong.size} mistakes among them`);
    t.true(found >= 0.7 * wrong.size && found >= 0.75 * flagged.size);
    const suggested = column('suggested_label');
    for (const [row, label] of suggested.entries()) t.is(label !== '', flagged.has(row));
    const right = [...flagged].filter((row) => wrong.has(row) && suggested[row] === species[row % 3]).length;
    t.true(right >= 0.8 * found, `${right} of ${found} suggestions are right`);
    t.true(column('weight').every((weight) => Number(weight) >= 0 && Number(weight) <= 1));

    const cleaned = parseCsv(await readFile(join(folder, 'cleaned.csv')));
    const kept = [...original.columns.entries()].map(([index, { cells }]) => [
      cells.filter((_, row) => !flagged.has(row)),
      cleaned.columns[index]?.cells,
    ]);
    for (const [expected, cells] of kept) t.deepEqual(cells, expected);

    const page = await readFile(join(folder, 'report.html'), 'utf8');
    t.regex(page, /Given against suggested labels/);
    for (const name of species) t.true(page.includes(`<dd>${name}</dd>`), name);
    t.regex(page, /<dt>width \(\+\d+\.\d\)<\/dt><dd>-?\d/);
    t.notRegex(page, /NaN|undefined/);

    const review = await reviewOf(folder, { below: 0.5, count: 5 });
    t.deepEqual(review.classes, species);
    const [lightest] = review.samples;
    t.true(lightest !== undefined && flagged.has(lightest.index));
    const cells = original.columns.map(({ name, cells }) => [name, cells[lightest?.index ?? -1]]);
    t.deepEqual(review.show(lightest?.index ?? -1), cells);

    const again = await bilevel('denoise', '--resume', folder, '--json');
    t.deepEqual(JSON.parse(again.stdout), result);
    const people = await bilevel('denoise', '--resume', folder);
    t.regex(people.stdout, /^lily +\d+ +\d+ +\d+$/m);
    t.regex(people.stdout, new RegExp(`Suspicious +${flagged.size} of 180 labels`));
  }));

test('clean rows beside the table are trained on, and a run goes on from each round to the same bits', (t) =>
  withTemporary(async (parent) => {
    const [data, clean] = [join(parent, 'flowers.csv'), join(parent, 'clean.csv')];
    await writeFile(data, mistakenTable(20).text);
    await writeFile(clean, flowerTable(8, 1));
    const settings = validateOwnData({ data, clean, label: 'species', trainSteps: 50 });
    const inputs = await loadOwnDataInputs(settings);
    t.is(inputs.data.validation.labels.size, 24);
    const { signal } = new AbortController();
    using whole = new OwnDataRun(inputs, settings, device, signal);
    const trusts: number[] = [];
    let saved = whole.save();
    for await (const { trust } of whole.rounds()) {
      trusts.push(trust);
      if (trusts.length === 1) saved = whole.save();
    }
    using rest = new OwnDataRun(inputs, settings, device, signal, saved);
    const later: number[] = [];
    for await (const { trust } of rest.rounds()) later.push(trust);
    t.deepEqual(later, trusts.slice(1));
    t.deepEqual(rest.found, whole.found);
    const other = { tensors: new Map([['probabilities', Tensor.zeros([3, 3])]]), values: { round: 1 } };
    t.throws(() => new OwnDataRun(inputs, settings, device, signal, other), { code: 'STATE_MISMATCH' });
  }));

test('arrays come back as numbers of samples', (t) =>
  withTemporary(async (parent) => {
    const random = Random.fromSeed(2, 'arrays');
    const labels = Array.from({ length: 80 }, (_, row) => row % 2);
    const points = Tensor.from(
      labels.flatMap((label) => [4 * label - 2 + 0.5 * random.normal(), random.normal()]),
      [80, 2],
    );
    const given = labels.map((label, row) => BigInt(row === 10 ? 1 - label : label));
    await writeFile(join(parent, 'x.npy'), encodeNpy(points));
    await writeFile(join(parent, 'y.npy'), encodeNpy(Tensor.from(given)));
    const data = `${join(parent, 'x.npy')},${join(parent, 'y.npy')}`;
    const run = await bilevel('denoise', '--data', data, ...quick, '--out', join(parent, 'run'));
    t.is(run.status, 0, run.stderr);
    const [header, ...lines] = (await readFile(join(parent, 'run', 'judged.csv'), 'utf8')).trimEnd().split('\n');
    t.is(header, 'index,label,weight,suspicious,suggested_label');
    t.is(lines.length, 80);
    t.regex(lines[10] ?? '', /^10,1,0\.\d+,yes,0$/);
    // A reviewer sees the numbers as they are stored, not as the network takes them.
    const { show } = await reviewOf(join(parent, 'run'), { below: 0.5, count: 1 });
    t.deepEqual(show(10), [
      ['0', String(points.data[20])],
      ['1', String(points.data[21])],
    ]);
  }));

test('clean arrays are scaled by the numbers of the doubtful ones, or none are where that is asked for', (t) =>
  withTemporary(async (parent) => {
    const write = async (name: string, numbers: readonly number[]): Promise<string> => {
      const paths = [join(parent, `${name}-x.npy`), join(parent, `${name}-y.npy`)] as const;
      await writeFile(paths[0], encodeNpy(Tensor.from([...numbers], [numbers.length, 1])));
      await writeFile(paths[1], encodeNpy(Tensor.from(numbers.map((_, row) => BigInt(row % 2)))));
      return paths.join();
    };
    const [data, clean] = [await write('doubtful', [1, 3, 5, 7]), await write('clean', [100, 4])];
    // Mean 4 and deviation the root of 5.
    const scaled = (numbers: readonly number[]) => numbers.map((x) => Math.fround((x - 4) / Math.sqrt(5)));
    const { data: found } = await loadOwnDataInputs(validateOwnData({ data, clean }));
    t.deepEqual(found.train.inputs.toArray(), scaled([1, 3, 5, 7]));
    t.deepEqual(found.validation.inputs.toArray(), scaled([100, 4]));
    const { data: plain } = await loadOwnDataInputs(validateOwnData({ data, clean, scale: 'none' }));
    t.deepEqual(plain.train.inputs.toArray(), [1, 3, 5, 7]);
    t.deepEqual(plain.validation.inputs.toArray(), [100, 4]);
  }));

test('options of the experiments, and those of other data, are refused with what to do', async (t) => {
  const refuses = (given: object, message: RegExp): void => {
    t.throws(() => datasetOptions(validateOwnData({ data: 'x.csv', ...given })), {
      code: 'INVALID_ARGUMENT',
      message,
    });
  };
  refuses({ noise: 0.3 }, /option noise has no use for data of your own.*label, inputs, ignore/);
  refuses({ baselines: false }, /option baselines has no use/);
  refuses({ shape: '1,a' }, /sizes with commas between them for the option shape/);
  t.deepEqual(datasetOptions(validateOwnData({ data: 'x.csv', shape: '1, 28,28', ignore: 'a, b', baselines: true })), {
    ignore: ['a', 'b'],
    shape: [1, 28, 28],
  });
  const { code, message } = errorOf(await bilevel('denoise', '--label', 'x', '--json', '--out', '/nowhere/x'));
  t.is(code, 'INVALID_ARGUMENT');
  t.regex(message, /option label is for data of your own/);
});

test('columns keep their names, numbers stay numbers, and no cell becomes a formula', (t) => {
  const rows = [
    ['-1.50', '=1+1', 'a'],
    ['+2', hostile('x'), 'b'],
  ];
  const records = { columns: ['weight', 'note', 'label'], label: 'label', row: (sample: number) => rows[sample] ?? [] };
  const found = { weights: [0.123456, 1], suspicious: [1, 0], suggested: [1, 1] };
  const text = encodeJudgedTable(records, ['a', '-b'], found);
  t.true(isSafe(text));
  const [header, first, second] = text.split('\n');
  t.is(header, 'weight,note,label,weight_2,suspicious,suggested_label');
  t.is(first, "-1.50,'=1+1,a,0.1235,yes,'-b");
  t.regex(second ?? '', /^\+2,/);
  t.is(encodeCleanedTable(records, ['a', '-b'], found).split('\n').length, 3 + 1);
});

test('a confusion has a cell for each pair of a few classes, and a line for the frequent pairs of many or of long names', (t) => {
  const given = [0, 0, 1, 1, 2];
  const found = { weights: [1, 0, 0, 1, 1], suspicious: [0, 1, 1, 0, 0], suggested: [0, 1, 0, 0, 2] };
  t.deepEqual(confusionTable(['a', 'b', 'c'], given, found).rows, [
    ['a', '1', '1', '0'],
    ['b', '1', '1', '0'],
    ['c', '0', '0', '1'],
  ]);
  const many = Array.from({ length: 20 }, (_, index) => `class ${index}`);
  t.deepEqual(confusionTable(many, given, found).rows, [
    ['class 0', 'class 1', '1'],
    ['class 1', 'class 0', '1'],
  ]);
  const long = ['a', 'b', 'c'].map((letter) => letter.repeat(40));
  t.deepEqual(confusionTable(long, given, found).rows, [
    [long[0], long[1], '1'],
    [long[1], long[0], '1'],
  ]);
  t.deepEqual(pairsOf(many, [3], { weights: [1], suspicious: [0], suggested: [4] }), []);
});

test('what speaks against a label adds up to the difference of the logits of a linear network', async (t) => {
  const network = await loadModel('logreg', { inputShape: [4], classes: 3 });
  const parameters = network.initialParameters();
  const inputs = Tensor.from([1, -2, 0, 1, 0.5, 1, 1, 0], [2, 4]);
  const encoding = {
    missing: 'error',
    columns: [
      { column: 'a', kind: 'number', shift: 0, unit: 1, fill: 0 },
      { column: 'b', kind: 'number', shift: 0, unit: 1, fill: 0 },
      { column: 'c', kind: 'category', categories: ['x', 'y'] },
    ],
  } as const;
  const labels = { given: [0, 2], suggested: [1, 0] };
  const reasons = await findReasons({ network, parameters, device }, inputs, encoding, labels, 3, [1, 0]);
  const x = input('x', [2, 4]);
  const nodes = network.parameterNodes();
  const values = Object.entries(nodes).map(
    ([name, node]) => [node, Float64Array.from(parameters[name]?.toArray() ?? [])] as const,
  );
  const logitsOf = (points: Float64Array): number[] => [
    ...(evaluate([network.apply(x, nodes)], new Map([...values, [x, points]]))[0] ?? []),
  ];
  for (const [index, sample] of [1, 0].entries()) {
    const difference = (points: Float64Array): number => {
      const logits = logitsOf(points);
      return (
        (logits[3 * sample + (labels.suggested[sample] ?? 0)] ?? 0) -
        (logits[3 * sample + (labels.given[sample] ?? 0)] ?? 0)
      );
    };
    const only = (columns: readonly number[]): number => {
      const points = Float64Array.from(inputs.data, (value, at) => (columns.includes(at % 4) ? value : 0));
      return difference(points) - difference(new Float64Array(8));
    };
    const expected = [
      { column: 'a', strength: only([0]) },
      { column: 'b', strength: only([1]) },
      { column: 'c', strength: only([2, 3]) },
    ].filter(({ strength }) => strength > 0);
    const sorted = expected.toSorted((a, b) => b.strength - a.strength);
    t.deepEqual(
      reasons[index]?.map(({ column }) => column),
      sorted.map(({ column }) => column),
    );
    for (const [at, { strength }] of sorted.entries())
      t.true(Math.abs(strength - (reasons[index]?.[at]?.strength ?? 0)) < 1e-5);
  }
});

test('what somebody has decided holds in another round: kept and fixed labels are trained on, dropped rows are not', (t) =>
  withTemporary(async (parent) => {
    const { text, wrong } = mistakenTable(40);
    const [data, file, folder] = ['flowers.csv', 'decisions.csv', 'run'].map((name) => join(parent, name)) as [
      string,
      string,
      string,
    ];
    await writeFile(data, text);
    const [fixed = 0, dropped = 0] = [...wrong];
    const kept = 0;
    const label = fixed % 3;
    await writeFile(file, `index,decision,label\n${kept},keep,\n${fixed},fix,${label}\n${dropped},drop,\n`);
    const given = { data, label: 'species', decisions: file, trainSteps: 20 };
    const inputs = await loadOwnDataInputs(validateOwnData(given));
    t.is(Number(inputs.data.train.labels.data[fixed]), label);
    t.not(Number(inputs.given.data[fixed]), label);

    const run = ['--data', data, '--label', 'species', '--decisions', file, ...quick, '--out', folder, '--json'];
    const { status, stdout, stderr } = await bilevel('denoise', ...run);
    t.is(status, 0, stderr);
    t.is(JSON.parse(stdout).decided, 3);
    const judged = parseCsv(await readFile(join(folder, 'judged.csv')));
    const cells = (name: string, row: number): string | undefined =>
      judged.columns.find((column) => column.name === name)?.cells[row];
    const told = (row: number) => ['weight', 'suspicious', 'suggested_label'].map((name) => cells(name, row));
    t.deepEqual(told(kept), ['1', 'no', '']);
    t.deepEqual(told(fixed), ['0', 'yes', species[label]]);
    t.deepEqual(told(dropped), ['0', 'yes', '']);
    const rows = text.trimEnd().split('\n').slice(1);
    const cleaned = (await readFile(join(folder, 'cleaned.csv'), 'utf8')).trimEnd().split('\n').slice(1);
    const right = [...(rows[fixed] ?? '').split(',').slice(0, -1), species[label]].join();
    t.true(cleaned.includes(right) && !cleaned.includes(rows[fixed] ?? '') && !cleaned.includes(rows[dropped] ?? ''));
    t.true(cleaned.includes(rows[kept] ?? ''));

    // A review of the run goes on from these decisions: what is decided comes last.
    const decided = await decisionsSoFar(join(folder, 'decisions.csv'));
    t.deepEqual(decided, await readDecisions(file));
    const order = (await reviewOf(folder, { below: 0.5, count: 1000, decided })).samples.map(({ index }) => index);
    t.deepEqual(order.slice(-2), [fixed, dropped]);
    t.true(order.length > 2);

    await writeFile(file, `index,decision,label\n${kept},keep,\n`);
    const changed = errorOf(await bilevel('denoise', '--resume', folder, '--json'));
    t.is(changed.code, 'STATE_MISMATCH');
    t.regex(changed.message, /decisions\.csv changed since the run in .*run was begun/);

    for (const line of ['900,keep,', `1,fix,3`]) {
      await writeFile(file, `index,decision,label\n${line}\n`);
      await t.throwsAsync(loadOwnDataInputs(validateOwnData(given)), {
        code: 'INVALID_DATA',
        message: /the data set has 120 rows and 3 classes/,
      });
    }
  }));
