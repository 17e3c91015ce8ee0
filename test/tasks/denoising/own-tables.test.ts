import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { parseCsv } from '../../../lib/data/tables/csv-table.js';
import { loadOwnDataInputs, OwnDataRun } from '../../../lib/tasks/denoising/own/run.js';
import { validateOwnData } from '../../../lib/tasks/denoising/own/settings.js';
import { bilevel, errorOf } from '../../support/command-line.js';
import { testDevice } from '../../support/devices.js';
import { withTemporary } from '../../support/temporary.js';

const device = testDevice();
test.after.always(() => device.dispose());

type Row = readonly (string | number)[];

const species = ['lily', 'rose', 'tulip'];
const header: Row = ['width', 'height', 'colour', 'species'];

/** Thirty flowers whose widths and colours tell the species. */
const flowers: readonly Row[] = Array.from({ length: 30 }, (_, row) => [
  3 * (row % 3) + ((row * 7) % 10) / 10,
  10 + ((row * 3) % 7) / 10,
  ['white', 'red', 'yellow'][row % 3] ?? '',
  species[row % 3] ?? '',
]);

const table = (rows: readonly Row[] = flowers, names: Row = header, separator = ','): string =>
  `${[names, ...rows].map((row) => row.join(separator)).join('\n')}\n`;

/** With other cells in a column. */
const withColumn = (column: number, cell: (row: number, before: string | number) => string | number): Row[] =>
  flowers.map((cells, row) => cells.with(column, cell(row, cells[column] ?? '')));

interface Given {
  readonly data: string | Uint8Array;
  readonly clean?: string;
  readonly options?: Readonly<Record<string, unknown>>;
}

/** What `bilevel denoise --data flowers.csv --label species` reads before it computes. */
const load = ({ data, clean, options }: Given) =>
  withTemporary(async (folder) => {
    const [path, cleanPath] = [join(folder, 'flowers.csv'), join(folder, 'clean.csv')];
    await writeFile(path, data);
    if (clean !== undefined) await writeFile(cleanPath, clean);
    const settings = validateOwnData({
      data: path,
      label: 'species',
      ...(clean !== undefined && { clean: cleanPath }),
      ...options,
    });
    return { settings, inputs: await loadOwnDataInputs(settings) };
  });

/** What such a table is, and how many flowers and inputs of each come of it. */
const works: Record<string, [given: Given, shape: readonly number[]]> = {
  'semicolons as separators': [{ data: table(flowers, header, ';') }, [30, 5]],
  'tabs as separators': [{ data: table(flowers, header, '\t') }, [30, 5]],
  'a byte order mark': [
    {
      data: `\ufeff${table(
        flowers.map((row) => row.toReversed()),
        header.toReversed(),
      )}`,
    },
    [30, 5],
  ],
  'a byte order mark before a quoted name': [
    { data: `\ufeff${table(flowers, ['"width"', ...header.slice(1)])}` },
    [30, 5],
  ],
  'the line ends of Windows': [{ data: table().replaceAll('\n', '\r\n') }, [30, 5]],
  'line ends and quotation marks within cells': [
    { data: table(withColumn(2, (_, colour) => `"${colour},\nof course ""so"""`)) },
    [30, 5],
  ],
  'nothing in a cell, where it is imputed': [
    { data: table(withColumn(0, (row, width) => (row === 4 ? '' : width))), options: { missing: 'impute' } },
    [30, 5],
  ],
  'dates, where they are left out': [
    { data: table(withColumn(1, (row) => `2024-03-${row + 1}`)), options: { ignore: 'height' } },
    [30, 4],
  ],
  'a class of two rows': [
    { data: table([...flowers, [50, 50, 'blue', 'orchid'], [51, 50, 'blue', 'orchid']]) },
    [32, 6],
  ],
  'a class of one row': [{ data: table([...flowers, [50, 50, 'blue', 'orchid']]) }, [31, 6]],
  'two rows': [{ data: table(flowers.slice(0, 2)) }, [2, 4]],
  'three rows of three classes': [{ data: table(flowers.slice(0, 3)) }, [3, 5]],
  'clean rows with more columns in another order': [
    {
      data: table(),
      clean: table(
        flowers.map((row) => [...row.toReversed(), 'x']),
        [...header.toReversed(), 'note'],
      ),
    },
    [30, 5],
  ],
  'clean rows of some of the classes': [
    { data: table(), clean: table(flowers.filter((row) => row[3] !== 'rose')) },
    [30, 5],
  ],
};

for (const [what, [given, shape]] of Object.entries(works)) {
  test(`a table with ${what} is judged`, async (t) => {
    const { settings, inputs } = await load(given);
    t.deepEqual(inputs.data.train.inputs.shape, shape);
    using run = new OwnDataRun(inputs, { ...settings, trainSteps: 100 }, device, new AbortController().signal);
    for await (const { trust } of run.rounds()) t.true(trust >= 0 && trust <= 1);
    const { weights, suspicious } = run.found;
    t.true(Array.from(weights).every((weight) => weight >= 0 && weight <= 1));
    // All labels are right. Only of a class of a row or two, which stand last, nobody can tell.
    const flagged = Array.from(suspicious, (flag, row) => (flag ? row : -1)).filter((row) => row >= 0);
    t.true(
      flagged.every((row) => row >= 30),
      `suspicious: ${flagged}`,
    );
    await run.train(run.found);
  });
}

/** What is wrong with a table, the code of the error, and what it says: the thing, what was expected, what to do. */
const refused: Record<string, [given: Given, code: string, ...message: RegExp[]]> = {
  dates: [
    { data: table(withColumn(1, (row) => `2024-03-${row + 1}`)) },
    'INVALID_DATA',
    /column "height": it holds dates/,
    /option ignore, or put a number in their place/,
  ],
  'dates with names of months': [
    { data: table(withColumn(1, (row) => `${row + 1} Mar 2024`)) },
    'INVALID_DATA',
    /it holds dates/,
  ],
  'dates with AM and PM': [
    { data: table(withColumn(1, (row) => `3/${row + 1}/2024 10:30 PM`)) },
    'INVALID_DATA',
    /it holds dates/,
  ],
  'times of day': [{ data: table(withColumn(1, (row) => `9:${row + 10}`)) }, 'INVALID_DATA', /it holds dates or times/],
  'nothing in a cell': [
    { data: table(withColumn(0, (row, width) => (row === 4 ? 'NA' : width))) },
    'INVALID_DATA',
    /flowers\.csv, line 6, column "width": nothing is given/,
    /option ignore, or give the option missing as "impute"/,
  ],
  'a word for nothing': [
    { data: table(withColumn(0, (row, width) => (row === 4 ? 'none' : width))) },
    'INVALID_DATA',
    /line 6, column "width": "none" is no number/,
    /leave the cell empty where nothing is known/,
  ],
  'nothing in a column': [
    {
      data: table(
        flowers.map((row) => [...row, '']),
        [...header, ''],
      ),
    },
    'INVALID_DATA',
    /column "column 5": nothing is given in any row.*option ignore/,
  ],
  'no label in a row': [
    { data: table(withColumn(3, (row, label) => (row === 4 ? '' : label))) },
    'INVALID_DATA',
    /line 6, column "species": the row has no label\. Give it one, or leave the row out/,
  ],
  'a label that says that there is none': [
    { data: table(withColumn(3, (row, label) => (row === 4 ? 'NA' : label))) },
    'INVALID_DATA',
    /line 6, column "species": the row has no label \("NA" stands for none; call a class otherwise\)/,
  ],
  'two columns of one name': [
    { data: table(flowers, ['width', 'width', 'colour', 'species']) },
    'INVALID_FILE',
    /two columns named "width"; give each a name of its own/,
  ],
  'no such label': [
    { data: table(), options: { label: 'kind' } },
    'INVALID_ARGUMENT',
    /has no column "kind"\. Known are: width, height, colour, species\./,
  ],
  'a slip in the label': [
    { data: table(), options: { label: 'specie' } },
    'INVALID_ARGUMENT',
    /has no column "specie"\. Did you mean species\?/,
  ],
  'no label said': [
    { data: table(), options: { label: '' } },
    'INVALID_ARGUMENT',
    /needs the option label.*one of width, height, colour, species/,
  ],
  'no names in its first line': [
    { data: table(flowers.slice(1), flowers[0]) },
    'INVALID_ARGUMENT',
    /no column "species".*The first line has to name the columns/,
  ],
  'decimal commas': [
    {
      data: table(
        withColumn(0, (_, width) => String(Number(width) + 0.01).replace('.', ',')),
        header,
        ';',
      ),
    },
    'INVALID_DATA',
    /column "width": "\d,\d+" is a number as people write it.*a point before decimals/,
  ],
  percentages: [
    { data: table(withColumn(0, (row) => `${row} %`)) },
    'INVALID_DATA',
    /column "width": "0 %" is a number as people write it/,
  ],
  'numbers that are too large': [
    { data: table(withColumn(0, (row, width) => (row === 4 ? '1e200' : width))) },
    'INVALID_DATA',
    /line 6, column "width": "1e200" is no number that can be read/,
  ],
  'a name for each row': [
    { data: table(withColumn(2, (row) => `flower ${row}`)) },
    'INVALID_DATA',
    /column "colour": it holds 30 different texts in 30 rows: these name the rows.*option ignore/,
  ],
  'numbers of the rows': [
    { data: table(withColumn(0, (row) => row + 1)) },
    'INVALID_DATA',
    /column "width": it counts the rows.*option ignore/,
  ],
  'one class': [
    { data: table(withColumn(3, () => 'lily')) },
    'INVALID_DATA',
    /column "species": all rows have the label "lily"\. Labels of two classes or more are needed/,
  ],
  'one row': [
    { data: table(flowers.slice(0, 1)) },
    'INVALID_DATA',
    /the only row has the label "lily"\. Labels of two/,
  ],
  'nothing in it': [{ data: '' }, 'INVALID_FILE', /flowers\.csv has no columns: it is empty; expected their names/],
  'names alone': [{ data: 'width,species\n' }, 'INVALID_FILE', /has no rows under its names; each is a sample/],
  'a cell too many': [
    { data: table(flowers.map((row, index) => (index === 5 ? [...row, 'x'] : row))) },
    'INVALID_FILE',
    /line 7: 5 cells, but the first line names 4 columns\. Put cells with a separator in them between quotation marks/,
  ],
  'a quotation mark without a second one': [
    { data: table(withColumn(2, (row, colour) => (row === 5 ? `"${colour}` : colour))) },
    'INVALID_FILE',
    /line 7: Quote Not Closed.*written twice/,
  ],
  'another encoding': [
    { data: Buffer.from(table(flowers, ['width', 'höhe', 'colour', 'species']), 'latin1') },
    'INVALID_FILE',
    /is not text in UTF-8; save it again/,
  ],
  'clean rows without a column': [
    { data: table(), clean: table(flowers, ['width', 'depth', 'colour', 'species']) },
    'INVALID_ARGUMENT',
    /clean\.csv has no column "height", which the data set has that it should be like\. Known are: width, depth/,
  ],
  'clean rows of another class': [
    { data: table(), clean: table(withColumn(3, (row, label) => (row === 3 ? 'Rose' : label))) },
    'INVALID_DATA',
    /clean\.csv, line 5, column "species": the label "Rose" is none of the classes "lily", "rose", "tulip"\. Correct it/,
  ],
  'clean rows of another category': [
    { data: table(), clean: table(withColumn(2, (row, colour) => (row === 3 ? 'green' : colour))) },
    'INVALID_DATA',
    /clean\.csv, line 5, column "colour": "green" is none of the categories.*Correct it/,
  ],
  'clean rows that there are none of': [
    { data: table(), clean: '' },
    'INVALID_FILE',
    /clean\.csv has no columns: it is empty/,
  ],
};

for (const [what, [given, code, ...messages]] of Object.entries(refused)) {
  test(`a table with ${what} is refused with what to do`, async (t) => {
    const error = await t.throwsAsync(load(given), { code });
    for (const message of messages) t.regex(error?.message ?? '', message);
  });
}

test('the command refuses a table before it makes a folder, and judges one with a class of two rows', (t) =>
  withTemporary(async (parent) => {
    const [data, folder] = [join(parent, 'flowers.csv'), join(parent, 'run')];
    const run = ['denoise', '--data', data, '--label', 'species', '--threads', '1', '--out', folder, '--json'];
    await writeFile(data, table(withColumn(1, (row) => `2024-03-${row + 1}`)));
    const { code, message } = errorOf(await bilevel(...run));
    t.is(code, 'INVALID_DATA');
    t.regex(message, /column "height": it holds dates/);
    await t.throwsAsync(readFile(join(folder, 'config.json')), { code: 'ENOENT' });
    const rows = [...flowers, [50, 50, 'blue', 'orchid'], [51, 50, 'blue', 'orchid']];
    await writeFile(data, `\ufeff${table(rows, header, ';')}`);
    const { status, stdout, stderr } = await bilevel(...run, '--train-steps', '100');
    t.is(status, 0, stderr);
    t.like(JSON.parse(stdout), { samples: 32, classes: ['lily', 'orchid', 'rose', 'tulip'], warnings: [] });
    const { columns } = parseCsv(await readFile(join(folder, 'judged.csv')));
    t.deepEqual(
      columns.map(({ name }) => name),
      ['width', 'height', 'colour', 'species', 'weight', 'suspicious', 'suggested_label'],
    );
  }));

test('columns that say nothing of the labels make no label suspicious, and the reader is told so', (t) =>
  withTemporary(async (parent) => {
    const [data, folder] = [join(parent, 'dice.csv'), join(parent, 'run')];
    // No number has to do with the side that lay on top.
    const rows = Array.from({ length: 60 }, (_, row) => [
      (row * 37) % 11,
      (row * 53) % 7,
      ['a', 'b', 'c'][(row * row) % 3] ?? '',
    ]);
    await writeFile(data, table(rows, ['x', 'y', 'species']));
    const run = ['denoise', '--data', data, '--label', 'species', '--train-steps', '100', '--threads', '1'];
    const { status, stdout, stderr } = await bilevel(...run, '--out', folder, '--json');
    t.is(status, 0, stderr);
    const { suspicious, warnings } = JSON.parse(stdout);
    t.is(suspicious, 0);
    t.regex(warnings[0], /^In 3 of 3 rounds networks predicted labels .* no better than the frequencies.*too few/);
    t.true((await readFile(join(folder, 'report.html'), 'utf8')).includes('Warning: In 3 of 3 rounds'));
    t.regex((await bilevel('denoise', '--resume', folder)).stdout, /Warning +In 3 of 3 rounds/);
  }));
