import { BilevelError } from '../../errors.js';
import { readCsv } from '../tables/csv-table.js';
import { encodeTable, fitEncoding, inputNames } from '../tables/encoding.js';
import { encodeLabels, labelNames } from '../tables/labels.js';
import { readParquet } from '../tables/parquet-table.js';
import type { Table } from '../tables/table.js';
import { drawParts, samplesOf } from './parts.js';
import type { DatasetFormat, DatasetOptions, Records } from './source.js';

const extensions = /\.(csv|tsv|txt|parquet)(\.gz)?$/i;

/** Rows of a table, one a sample: a column of labels, and columns of numbers and categories. */
export const tableFile: DatasetFormat = {
  specifications: ['FILE.csv', 'FILE.tsv', 'FILE.parquet'],
  accepts: (specification) => extensions.test(specification),
  options: ['label', 'ignore', 'categories', 'missing', 'scale', 'shape', 'test', 'seed', 'like'],
  async load(path, options) {
    const table = /\.parquet$/i.test(path) ? await readParquet(path) : await readCsv(path);
    const { like } = options;
    const label = labelOf(table, options);
    const classes = like?.classes ?? labelNames(table, label);
    const labels = encodeLabels(table, label, classes);
    const parts = drawParts(table.size, options);
    const { ignore = [], categories = [], missing = 'error', scale = 'standard' } = options;
    const encoding = like?.encoding ?? fitEncoding(table, label, { ignore, categories, missing, scale }, parts.train);
    const inputs = { shape: [table.size, inputNames(encoding).length], data: encodeTable(table, encoding) };
    const shape = options.shape ?? like?.train.inputShape;
    return {
      name: path,
      classes,
      ...samplesOf(path, { inputs, labels }, parts, classes, shape),
      records: recordsOf(table, label, parts.train),
      encoding,
    };
  },
};

/** @throws INVALID_ARGUMENT with the columns that there are */
function labelOf({ source, columns }: Table, { label, like }: DatasetOptions): string {
  const given = label ?? like?.records?.label;
  if (given !== undefined) return given;
  const names = columns.slice(0, 100).map(({ name }) => name);
  throw new BilevelError(
    'INVALID_ARGUMENT',
    `${source} needs the option label, the name of the column with the labels: one of ${names.join(', ')}.`,
  );
}

function recordsOf({ columns }: Table, label: string, rows: Int32Array): Records {
  return {
    columns: columns.map(({ name }) => name),
    label,
    row: (sample) => columns.map(({ cells }) => cells[rows[sample] ?? -1] ?? ''),
  };
}
