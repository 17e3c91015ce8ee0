import { adviseName, BilevelError } from '../../errors.js';
import { numberOf } from './numbers.js';

/** A column of a file of rows. */
export interface Column {
  readonly name: string;
  /** One for each row, as the file writes it; empty where it says nothing. */
  readonly cells: readonly string[];
  /** What the file says that they are; a text file says nothing, and the cells decide. */
  readonly kind?: 'number' | 'text' | 'date';
}

/** Columns of one length with different names. */
export interface Table {
  /** Name of the file, for messages. */
  readonly source: string;
  readonly columns: readonly Column[];
  /** Number of rows. */
  readonly size: number;
  /** How messages call a row, counted from 0: `line 18`. */
  readonly place: (row: number) => string;
}

/** Most columns, and most cells, of a table. */
const mostColumns = 2 ** 16;
export const mostCells = 2 ** 26;

/** @throws LIMIT_EXCEEDED before the memory of so many cells is taken */
export function checkTableSize(source: string, columns: number, rows: number): void {
  const over = (what: string, most: number): BilevelError =>
    new BilevelError('LIMIT_EXCEEDED', `${source} has ${what}; at most ${most} are read.`);
  if (columns > mostColumns) throw over(`${columns} columns`, mostColumns);
  if (columns * rows > mostCells) throw over(`more than ${mostCells} cells`, mostCells);
}

/**
 * @throws INVALID_FILE for a column without a name or with that of another one, and for a table without columns or rows
 */
export function checkTable({ source, columns, size }: Table): void {
  const damaged = (reason: string): BilevelError => new BilevelError('INVALID_FILE', `${source} ${reason}.`);
  if (columns.length === 0)
    throw damaged('has no columns: it is empty; expected their names, and a row for each sample');
  const seen = new Set<string>();
  for (const [index, { name }] of columns.entries()) {
    if (name === '') throw damaged(`has no name for its column ${index + 1}; its first line should name all of them`);
    if (seen.has(name)) throw damaged(`has two columns named ${JSON.stringify(name)}; give each a name of its own`);
    seen.add(name);
  }
  if (size === 0) throw damaged('has no rows under its names; each is a sample');
}

/**
 * @param why what the column is needed for, to end the sentence that it is not there
 * @throws INVALID_ARGUMENT for a name that no column has, with those that there are
 */
export function findColumn({ source, columns }: Table, name: string, why = ''): Column {
  const column = columns.find((each) => each.name === name);
  if (column !== undefined) return column;
  const names = columns.map((each) => each.name);
  const isData = names.some((each) => !Number.isNaN(numberOf(each)));
  const advice = isData ? ' The first line has to name the columns; here it seems to be a row of data.' : '';
  throw new BilevelError(
    'INVALID_ARGUMENT',
    `${source} has no column ${JSON.stringify(name)}${why}. ${adviseName(name, names.slice(0, 100))}${advice}`,
  );
}
