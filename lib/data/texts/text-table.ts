import { BilevelError } from '../../errors.js';
import { readCsv } from '../tables/csv-table.js';
import { encodeLabels, labelNames } from '../tables/labels.js';
import { readParquet } from '../tables/parquet-table.js';
import { findColumn } from '../tables/table.js';

/** Texts as a reader gives them. */
export interface ReadTexts {
  readonly texts: readonly string[];
  readonly labels: Int32Array;
  readonly classes: readonly string[];
}

interface Columns {
  readonly text: string;
  readonly label: string | undefined;
  readonly columns: readonly string[] | undefined;
}

/** A row for each text, of which two columns are read. @throws as loadTexts */
export async function readTextTable(path: string, { text, label, columns }: Columns): Promise<ReadTexts> {
  const isParquet = /\.parquet$/i.test(path);
  if (isParquet && columns !== undefined) {
    throw new BilevelError('INVALID_ARGUMENT', `${path} names its columns: leave out the option columns.`);
  }
  const table = isParquet ? await readParquet(path) : await readCsv(path, columns);
  const { cells } = findColumn(table, text, ' with texts');
  if (label === undefined) {
    const names = table.columns.slice(0, 100).map(({ name }) => name);
    throw new BilevelError(
      'INVALID_ARGUMENT',
      `${path} needs the option label, the name of the column with the labels: one of ${names.join(', ')}.`,
    );
  }
  const classes = labelNames(table, label);
  return { texts: cells, labels: encodeLabels(table, label, classes), classes };
}
