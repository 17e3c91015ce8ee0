import { CsvError, parse } from 'csv-parse/sync';
import { BilevelError } from '../../errors.js';
import { readUnpacked } from '../unpack.js';
import { checkTable, checkTableSize, type Table } from './table.js';

/** Longest file and longest row that are read, in bytes; Node's strings end at twice the former. */
const textLimit = 2 ** 28;
const rowLimit = 2 ** 24;

const separators = [',', ';', '\t', '|'];

/** What stands most often between the names of the first line; a comma where nothing does. */
function separatorOf(text: string): string {
  const [firstLine = ''] = text.slice(0, rowLimit).split(/\r\n|\n|\r/, 1);
  const bare = firstLine.replace(/"[^"]*"/g, '');
  const counts = separators.map((separator) => bare.split(separator).length);
  return separators[counts.indexOf(Math.max(...counts))] ?? ',';
}

/**
 * Decodes text with one row a line, quoted as RFC 4180 says; the first line names the columns. Commas, semicolons, tabs
 * or bars separate the cells: whichever the first line has most of. Blanks around a cell are no part of it. An unnamed
 * column is called by its number, `column 1`.
 * @param source name of the file for error messages
 * @param named the names of the columns, of a file whose first line has none
 * @throws INVALID_FILE naming the line, LIMIT_EXCEEDED
 */
export function parseCsv(bytes: Uint8Array, source = 'the CSV file', named: readonly string[] = []): Table {
  const text = decodeText(bytes, source);
  const names: string[] = [...named];
  const cells: string[][] = named.map(() => []);
  const ends: number[] = [];
  /** Where the last row ended that was whole. */
  let whole = 0;
  const take = (record: readonly string[], end: number): void => {
    whole = end;
    if (names.length === 0) {
      names.push(...record.map((name, index) => name || `column ${index + 1}`));
      checkTableSize(source, names.length, 0);
      cells.push(...names.map(() => []));
      return;
    }
    if (record.length !== names.length) {
      const found = `${record.length} ${record.length === 1 ? 'cell' : 'cells'}`;
      throw new BilevelError(
        'INVALID_FILE',
        `${source}, line ${lineOf(text, end)}: ${found}, but ${named.length > 0 ? 'the option columns' : 'the first line'} names ${names.length} columns. Put cells with a separator in ` +
          'them between quotation marks, and nothing behind the last column.',
      );
    }
    ends.push(end);
    checkTableSize(source, names.length, ends.length);
    for (const [index, cell] of record.entries()) cells[index]?.push(cell);
  };
  try {
    parse(text, {
      delimiter: separatorOf(text),
      relax_column_count: true,
      trim: true,
      skip_empty_lines: true,
      max_record_size: rowLimit,
      on_record: (record: string[], { bytes: end }) => {
        take(record, end);
        return null;
      },
    });
  } catch (error) {
    throw error instanceof CsvError ? csvFailure(error, source, () => lineOf(text, whole) + 1) : error;
  }
  const table: Table = {
    source,
    columns: names.map((name, index) => ({ name, cells: cells[index] ?? [] })),
    size: ends.length,
    place: (row) => `line ${lineOf(text, ends[row] ?? 0)}`,
  };
  checkTable(table);
  return table;
}

/** The line, from 1, in which a row ends, of which the bytes up to its end are known. */
function lineOf(text: string, end: number): number {
  return Buffer.from(text)
    .subarray(0, end)
    .toString()
    .trimEnd()
    .split(/\r\n|\n|\r/).length;
}

/** Text of a file, without the mark that some programs begin it with. */
function decodeText(bytes: Uint8Array, source: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new BilevelError('INVALID_FILE', `${source} is not text in UTF-8; save it again in that encoding.`, {
      cause,
    });
  }
}

/** @param next tells the line with which the first row begins that is not whole */
function csvFailure(error: CsvError, source: string, next: () => number): BilevelError {
  if (error.code === 'CSV_MAX_RECORD_SIZE') {
    return new BilevelError('LIMIT_EXCEEDED', `${source} has a row of more than ${rowLimit} bytes.`, { cause: error });
  }
  if (error.code === 'CSV_QUOTE_NOT_CLOSED') {
    return new BilevelError(
      'INVALID_FILE',
      `${source}, line ${next()}: Quote Not Closed: in the row that begins here a cell begins with a quotation mark that no other one ends. ` +
        'Add it; one that belongs to the text is written twice.',
      { cause: error },
    );
  }
  const { lines } = error as CsvError & { readonly lines?: number };
  const where = lines === undefined ? source : `${source}, line ${lines}`;
  return new BilevelError('INVALID_FILE', `${where}: ${error.message}.`, { cause: error });
}

/**
 * Reads a file of comma- or tab-separated values, plain or packed with gzip.
 * @throws NOT_FOUND, IO_ERROR, and as {@link parseCsv}
 */
export async function readCsv(path: string, named: readonly string[] = []): Promise<Table> {
  return parseCsv(await readUnpacked(path, textLimit), path, named);
}
