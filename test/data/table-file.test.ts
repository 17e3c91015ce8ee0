import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { loadDataset } from '../../lib/data/dataset.js';
import type { DatasetOptions } from '../../lib/data/sources/source.js';
import { parseCsv } from '../../lib/data/tables/csv-table.js';
import { withTemporary } from '../support/temporary.js';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Loads a table that is written for it. */
async function load(text: string | Uint8Array, options: DatasetOptions = { label: 'kind' }, name = 'table.csv') {
  return withTemporary(async (folder) => {
    const path = join(folder, name);
    await writeFile(path, text);
    return loadDataset(path, options);
  });
}

/** Inputs by row, rounded. */
function rowsOf({ train }: Awaited<ReturnType<typeof load>>): number[][] {
  const { inputs } = train.take();
  const width = inputs.shape[1] ?? 0;
  const values = inputs.toArray().map((value) => Number(value.toFixed(5)));
  return Array.from({ length: train.count }, (_, row) => values.slice(row * width, (row + 1) * width));
}

test('text is cut into cells, and rows keep the number of their line', (t) => {
  const table = parseCsv(bytesOf('\ufeffa, "b"\r\n1,"x, ""y""\r\nz"\r\n\r\n3,\r\n'));
  t.deepEqual(
    table.columns.map(({ name, cells }) => [name, cells]),
    [
      ['a', ['1', '3']],
      ['b', ['x, "y"\r\nz', '']],
    ],
  );
  t.deepEqual([0, 1].map(table.place), ['line 3', 'line 5']);
});

test('cells are separated by what separates the names', (t) => {
  for (const [separator, other] of [
    [',', ';'],
    [';', ','],
    ['\t', ','],
    ['|', ','],
  ] as const) {
    const table = parseCsv(bytesOf(`a${separator}b${separator}c\n1${separator}2${other}5${separator}3\n`));
    t.deepEqual(
      table.columns.map(({ cells }) => cells[0]),
      ['1', `2${other}5`, '3'],
    );
  }
  t.deepEqual(
    parseCsv(bytesOf(',a\n0,1\n')).columns.map(({ name }) => name),
    ['column 1', 'a'],
  );
});

const damagedTables: Record<string, [text: string | Uint8Array, code: string, message: RegExp]> = {
  'an empty file': ['', 'INVALID_FILE', /no columns/],
  'names without rows': ['a,b\n', 'INVALID_FILE', /no rows/],
  'a row of another length': ['a,b\n1,2\n3\n', 'INVALID_FILE', /line 3: 1 cell, but the first line names 2/],
  'two columns of one name': ['a,a\n1,2\n', 'INVALID_FILE', /two columns named "a"/],
  'a quote without end': ['a,b\n1,"2\n3,4\n', 'INVALID_FILE', /line \d: Quote Not Closed/],
  'bytes that are no text': [Uint8Array.of(0x61, 0x0a, 0xff, 0xfe), 'INVALID_FILE', /UTF-8/],
  'too many columns': [`${'a,'.repeat(2 ** 16)}b\n`, 'LIMIT_EXCEEDED', /65537 columns; at most 65536/],
  'a row without end': [`a\n${'x'.repeat(2 ** 24 + 2)}`, 'LIMIT_EXCEEDED', /a row of more than 16777216 bytes/],
};

for (const [name, [text, code, message]] of Object.entries(damagedTables)) {
  test(`refuses ${name}`, (t) => {
    t.throws(() => parseCsv(typeof text === 'string' ? bytesOf(text) : text), { code, message });
  });
}

const flowers = `width,colour,height,kind
1,red,2.5,tulip
3,blue,2.5,rose
5,red,2.5,tulip
7, blue ,2.5,lily
`;

test('numbers are standardized, texts become an input for each category, labels are named', async (t) => {
  const dataset = await load(flowers);
  t.deepEqual(dataset.classes, ['lily', 'rose', 'tulip']);
  t.deepEqual(dataset.train.take().labels.toArray(), [2, 1, 2, 0]);
  t.is(dataset.test.count, 0);
  // Mean 4 and deviation sqrt(5); the height says nothing.
  const unit = Number((1 / Math.sqrt(5)).toFixed(5));
  t.deepEqual(rowsOf(dataset), [
    [Number((-3 / Math.sqrt(5)).toFixed(5)), 0, 1, 0],
    [-unit, 1, 0, 0],
    [unit, 0, 1, 0],
    [Number((3 / Math.sqrt(5)).toFixed(5)), 1, 0, 0],
  ]);
  t.deepEqual(dataset.records?.columns, ['width', 'colour', 'height', 'kind']);
  t.deepEqual(dataset.records?.row(3), ['7', 'blue', '2.5', 'lily']);
  t.is(dataset.records?.label, 'kind');
});

test('options leave columns out, keep numbers as they are or make categories of them, and give a shape', async (t) => {
  const given = { label: 'kind', ignore: ['colour'], scale: 'none' } as const;
  t.deepEqual(rowsOf(await load(flowers, given)), [
    [1, 2.5],
    [3, 2.5],
    [5, 2.5],
    [7, 2.5],
  ]);
  const named = await load(flowers, { ...given, ignore: ['colour', 'height'], categories: ['width'] });
  t.deepEqual(rowsOf(named)[2], [0, 0, 1, 0]);
  const shaped = await load(flowers, { ...given, shape: [1, 1, 2] });
  t.deepEqual(shaped.train.inputShape, [1, 1, 2]);
  await t.throwsAsync(load(flowers, { ...given, shape: [3] }), {
    code: 'SHAPE_MISMATCH',
    message: /has 2 numbers, but 3/,
  });
});

test('classes that are numbers are in their order', async (t) => {
  const { classes, train } = await load('a,kind\n1.5,10\n2.5,9\n1,-1\n');
  t.deepEqual(classes, ['-1', '9', '10']);
  t.deepEqual(train.take().labels.toArray(), [2, 1, 0]);
});

test('the mean and the deviation are those of the training rows', async (t) => {
  const text = `a,kind\n${Array.from({ length: 40 }, (_, row) => `${row * row},${row % 2 ? 'x' : 'y'}`).join('\n')}\n`;
  const { train, test: kept, records } = await load(text, { label: 'kind', test: 0.25, seed: 3 });
  t.deepEqual([train.count, kept.count], [30, 10]);
  const values = train.take().inputs.toArray();
  const mean = values.reduce((sum, value) => sum + value, 0) / 30;
  const variance = values.reduce((sum, value) => sum + value * value, 0) / 30;
  t.true(Math.abs(mean) < 1e-6 && Math.abs(variance - 1) < 1e-6, `${mean} ${variance}`);
  const rows = values.map((_, sample) => Number(records?.row(sample)[0]));
  t.deepEqual(
    rows,
    rows.toSorted((a, b) => a - b),
    'the order of the file',
  );
  const other = await load(text, { label: 'kind', test: 0.25, seed: 4 });
  t.notDeepEqual(
    rows,
    values.map((_, sample) => Number(other.records?.row(sample)[0])),
  );
});

test('what is missing is refused with its place, or filled in', async (t) => {
  const text = 'a,colour,kind\n1,red,x\nNA,red,y\n3,,x\n5,blue,y\n ?,red,y\n';
  await t.throwsAsync(load(text), {
    code: 'INVALID_DATA',
    message: /table\.csv, line 3, column "a": nothing is given \(and nothing in 1 more\).*"impute"/,
  });
  const filled = await load(text, { label: 'kind', missing: 'impute', scale: 'none' });
  t.deepEqual(rowsOf(filled), [
    [1, 0, 1],
    [3, 0, 1],
    [3, 0, 0],
    [5, 1, 0],
    [3, 0, 1],
  ]);
});

const many = (cell: (row: number) => string): string =>
  `a,b,kind\n${Array.from({ length: 300 }, (_, row) => `${(row * 7) % 11},${cell(row)},${row % 2}`).join('\n')}\n`;

const refused: Record<string, [text: string, options: DatasetOptions, code: string, message: RegExp]> = {
  'a table without the name of its labels': [
    flowers,
    {},
    'INVALID_ARGUMENT',
    /option label.*width, colour, height, kind/,
  ],
  'a label that no column has': [
    flowers,
    { label: 'kinds' },
    'INVALID_ARGUMENT',
    /no column "kinds". Did you mean kind/,
  ],
  'an ignored column that does not exist': [
    flowers,
    { label: 'kind', ignore: ['x'] },
    'INVALID_ARGUMENT',
    /no column "x"/,
  ],
  'a row without a label': [
    'a,kind\n1,x\n2,\n3,y\n',
    { label: 'kind' },
    'INVALID_DATA',
    /line 3, column "kind": .*no label/,
  ],
  'one label for all': ['a,kind\n1,x\n2,x\n', { label: 'kind' }, 'INVALID_DATA', /all rows have the label "x"/],
  'labels that are quantities': [
    many((row) => `${row / 7}`),
    { label: 'b' },
    'INVALID_DATA',
    /300 different labels in 300/,
  ],
  dates: [
    many((row) => `2024-01-${1 + (row % 28)}`),
    { label: 'kind' },
    'INVALID_DATA',
    /column "b": it holds dates.*ignore/,
  ],
  moments: [many(() => '2024-01-31T12:00:00Z'), { label: 'kind' }, 'INVALID_DATA', /holds dates/],
  'days with points': [many(() => '31.1.2024'), { label: 'kind' }, 'INVALID_DATA', /holds dates/],
  'free text': [many((row) => `text ${row}`), { label: 'kind' }, 'INVALID_DATA', /300 different texts.*ignore/],
  'a text among numbers': [
    many((row) => (row === 20 ? '1,5' : `${row % 13}`)).replace('1,5', '"1,5"'),
    { label: 'kind' },
    'INVALID_DATA',
    /line 22, column "b": "1,5" is no number/,
  ],
  'a number that is not finite': [
    many((row) => (row === 5 ? '1e999' : `${row % 3}`)),
    { label: 'kind' },
    'INVALID_DATA',
    /line 7/,
  ],
  'the numbers of the rows': [
    many((row) => `${row}`),
    { label: 'kind' },
    'INVALID_DATA',
    /column "b": it counts the rows/,
  ],
  'an empty column': [
    many(() => ''),
    { label: 'kind', missing: 'impute' },
    'INVALID_DATA',
    /nothing is given in any row/,
  ],
  'a label alone': ['kind\nx\ny\n', { label: 'kind' }, 'INVALID_DATA', /no column beside the label/],
  'an option of another format': [flowers, { label: 'kind', inputs: 'x' }, 'UNKNOWN_OPTION', /no option "inputs"/],
  'a share that leaves nothing': [flowers, { label: 'kind', test: 1 }, 'INVALID_ARGUMENT', /option test.*received 1/],
};

for (const [name, [text, options, code, message]] of Object.entries(refused)) {
  test(`refuses ${name} in a table`, async (t) => {
    await t.throwsAsync(load(text, options), { code, message });
  });
}

test('a second table is read like the first', async (t) => {
  const first = await load(flowers);
  const second = await load('kind,height,width,colour\nrose,2.5,4,red\n', { like: first });
  t.deepEqual(second.classes, first.classes);
  t.deepEqual(second.train.take().labels.toArray(), [1]);
  t.deepEqual(rowsOf(second), [[0, 0, 1, 0]]);
  const other = (row: string) => load(`kind,height,width,colour\n${row}\n`, { like: first });
  await t.throwsAsync(other('oak,2.5,4,red'), {
    code: 'INVALID_DATA',
    message: /line 2.*"oak" is none of the classes/,
  });
  await t.throwsAsync(other('rose,2.5,4,pink'), { code: 'INVALID_DATA', message: /"pink" is none of the categories/ });
  await t.throwsAsync(load('kind,width\nrose,1\n', { like: first }), { code: 'INVALID_ARGUMENT', message: /"colour"/ });
  await t.throwsAsync(load(flowers, { like: first, scale: 'none' }), {
    code: 'INVALID_ARGUMENT',
    message: /beside like/,
  });
});

/** The same table as a Parquet file, in two groups of rows. */
const parquet = (codec: 'SNAPPY' | 'UNCOMPRESSED'): Uint8Array =>
  new Uint8Array(
    parquetWriteBuffer({
      codec,
      rowGroupSize: 3,
      columnData: [
        { name: 'width', data: [1, 3, 5, 7], type: 'DOUBLE' },
        { name: 'colour', data: ['red', 'blue', 'red', 'blue'], type: 'STRING' },
        { name: 'height', data: [2.5, 2.5, 2.5, 2.5], type: 'FLOAT' },
        { name: 'kind', data: ['tulip', 'rose', 'tulip', 'lily'], type: 'STRING' },
      ],
    }),
  );

test('a table may be packed, or a Parquet file', async (t) => {
  const rows = rowsOf(await load(flowers));
  t.deepEqual(rowsOf(await load(gzipSync(flowers), { label: 'kind' }, 'table.csv.gz')), rows);
  t.deepEqual(rowsOf(await load(flowers.replaceAll(',', '\t'), { label: 'kind' }, 'table.tsv')), rows);
  for (const codec of ['SNAPPY', 'UNCOMPRESSED'] as const) {
    const dataset = await load(parquet(codec), { label: 'kind' }, 'table.parquet');
    t.deepEqual(rowsOf(dataset), rows);
    t.deepEqual(dataset.records?.row(3), ['7', 'blue', '2.5', 'lily']);
  }
});

test('a Parquet file says what its columns are, and where nothing is', async (t) => {
  const bytes = parquetWriteBuffer({
    columnData: [
      { name: 'code', data: ['01', '02', '01', '02'], type: 'STRING' },
      { name: 'share', data: [0.1, 0.2, null, 0.3], type: 'FLOAT', nullable: true },
      { name: 'count', data: [1n, 2n, 3n, -4n], type: 'INT64' },
      { name: 'kind', data: [true, false, true, true], type: 'BOOLEAN' },
    ],
  });
  const options = { label: 'kind', missing: 'impute', scale: 'none' } as const;
  const dataset = await load(new Uint8Array(bytes), options, 't.parquet');
  t.deepEqual(dataset.classes, ['false', 'true']);
  t.deepEqual(rowsOf(dataset), [
    [1, 0, 0.1, 1],
    [0, 1, 0.2, 2],
    [1, 0, 0.2, 3],
    [0, 1, 0.3, -4],
  ]);
  t.is(dataset.records?.row(0)[1], '0.1');
  await t.throwsAsync(load(new Uint8Array(bytes), { label: 'kind' }, 't.parquet'), {
    code: 'INVALID_DATA',
    message: /row 3, column "share"/,
  });
});

test('Parquet files with dates or lists, cut off or of another kind, are refused', async (t) => {
  const write = (data: unknown[], type: 'TIMESTAMP' | 'JSON') =>
    new Uint8Array(
      parquetWriteBuffer({
        columnData: [
          { name: 'a', data, type },
          { name: 'kind', data: ['x', 'y'], type: 'STRING' },
        ],
      }),
    );
  const days = write([new Date(0), new Date(1)], 'TIMESTAMP');
  await t.throwsAsync(load(days, { label: 'kind' }, 'a.parquet'), { code: 'INVALID_DATA', message: /holds dates/ });
  const whole = parquet('SNAPPY');
  for (const bytes of [whole.subarray(0, 100), whole.subarray(100), new Uint8Array(3), bytesOf(flowers)]) {
    await t.throwsAsync(load(bytes, { label: 'kind' }, 'a.parquet'), {
      code: 'INVALID_FILE',
      message: /a\.parquet is not a Parquet file that can be read/,
    });
  }
});

test('a damaged Parquet file that would be decoded for ever is given up', async (t) => {
  await t.throwsAsync(loadDataset('test/fixtures/tables/endless.parquet', { label: 'kind' }), {
    code: 'LIMIT_EXCEEDED',
    message: /endless\.parquet is not read within 3 seconds/,
  });
});
