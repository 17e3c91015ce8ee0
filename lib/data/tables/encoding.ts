import { BilevelError } from '../../errors.js';
import { standardOf } from '../scaling.js';
import { columnFault, isDate, isMissing, isWrittenNumber } from './cells.js';
import { numberOf } from './numbers.js';
import { type Column, findColumn, type Table } from './table.js';

/** How a column of numbers becomes one input: (x - shift) / unit, and `fill` where nothing is given. */
export interface NumberEncoding {
  readonly column: string;
  readonly kind: 'number';
  readonly shift: number;
  readonly unit: number;
  /** The mean of the training rows. */
  readonly fill: number;
}

/** How a column of texts becomes an input for each of its categories: 1 for that of the row and 0 for the others. */
export interface CategoryEncoding {
  readonly column: string;
  readonly kind: 'category';
  readonly categories: readonly string[];
}

/** How the rows of a table become inputs. */
export interface TableEncoding {
  readonly columns: readonly (NumberEncoding | CategoryEncoding)[];
  readonly missing: 'error' | 'impute';
}

export interface EncodingOptions {
  /** Columns that are no inputs, and those whose numbers are names. */
  readonly ignore: readonly string[];
  readonly categories: readonly string[];
  readonly missing: 'error' | 'impute';
  readonly scale: 'standard' | 'none';
}

/** Most categories of a column, and most inputs. */
const mostCategories = 256;
const mostInputs = 2 ** 16;

/** From so many rows on, a column that counts them is taken for their numbers. */
const countedRows = 10;

/**
 * Finds out how each column but the label is to be read.
 * @param rows those that means and deviations are taken of
 * @throws INVALID_ARGUMENT for a column that does not exist; INVALID_DATA naming row and column
 */
export function fitEncoding(table: Table, label: string, options: EncodingOptions, rows: Int32Array): TableEncoding {
  const { ignore, categories, missing } = options;
  for (const name of [label, ...ignore, ...categories]) findColumn(table, name);
  const used = table.columns.filter(({ name }) => name !== label && !ignore.includes(name));
  const columns = used.map((column) => {
    refuseEmpty(table, column);
    if (missing === 'error') refuseMissing(table, column);
    const isNamed = categories.includes(column.name);
    return isNamed || !holdsNumbers(table, column)
      ? fitCategories(table, column, isNamed)
      : fitNumbers(table, column, options, rows);
  });
  const encoding = { columns, missing };
  const width = inputNames(encoding).length;
  if (width === 0)
    throw new BilevelError('INVALID_DATA', `${table.source} has no column beside the label to learn from.`);
  if (width > mostInputs) {
    throw new BilevelError('LIMIT_EXCEEDED', `${table.source} gives ${width} inputs; at most ${mostInputs} are read.`);
  }
  return encoding;
}

/** What each input says: `width`, or `colour=red`. */
export function inputNames({ columns }: TableEncoding): string[] {
  return columns.flatMap((each) =>
    each.kind === 'number' ? [each.column] : each.categories.map((category) => `${each.column}=${category}`),
  );
}

/**
 * The inputs of all rows, [rows, inputs].
 * @throws INVALID_ARGUMENT for a column that is not there; INVALID_DATA naming row and column
 */
export function encodeTable(table: Table, encoding: TableEncoding): Float32Array {
  const width = inputNames(encoding).length;
  const inputs = new Float32Array(table.size * width);
  let first = 0;
  for (const each of encoding.columns) {
    const column = findColumn(table, each.column, ', which the data set has that it should be like');
    if (encoding.missing === 'error') refuseMissing(table, column);
    if (each.kind === 'number') {
      for (const [row, value] of numbersOf(table, column).entries()) {
        inputs[row * width + first] = ((Number.isNaN(value) ? each.fill : value) - each.shift) / each.unit;
      }
      first += 1;
    } else {
      const positions = new Map(each.categories.map((category, index) => [category, index]));
      for (const [row, cell] of column.cells.entries()) {
        if (isMissing(cell)) continue;
        const position = positions.get(cell.trim());
        if (position === undefined) {
          const correct = 'Correct it, leave the row out, or leave the column out of both by the option ignore.';
          const known = each.categories.map((category) => JSON.stringify(category)).join(', ');
          throw columnFault(
            table,
            column,
            `${JSON.stringify(cell)} is none of the categories ${known}. ${correct}`,
            row,
          );
        }
        inputs[row * width + first + position] = 1;
      }
      first += each.categories.length;
    }
  }
  return inputs;
}

function refuseMissing(table: Table, column: Column): void {
  const row = column.cells.findIndex(isMissing);
  if (row < 0) return;
  const count = column.cells.filter(isMissing).length;
  const others = count === 1 ? '' : ` (and nothing in ${count - 1} more)`;
  throw columnFault(
    table,
    column,
    `nothing is given${others}. Fill it in, leave the column out by the option ignore, or give the option missing as "impute".`,
    row,
  );
}

function refuseEmpty(table: Table, column: Column): void {
  if (!column.cells.every(isMissing)) return;
  throw columnFault(table, column, 'nothing is given in any row. Leave it out by the option ignore.');
}

/**
 * Whether a column is one of numbers.
 * @throws INVALID_DATA for dates, and for a column that is neither numbers nor text
 */
function holdsNumbers(table: Table, column: Column): boolean {
  const given = column.cells.filter((cell) => !isMissing(cell));
  if (column.kind === 'date' || given.every(isDate)) {
    const advice = 'Leave it out by the option ignore, or put a number in their place, such as days.';
    throw columnFault(table, column, `it holds dates or times, which are neither numbers nor categories. ${advice}`);
  }
  if (column.kind === 'text') return false;
  const written = given.filter(isWrittenNumber);
  if (2 * written.length > given.length) {
    throw columnFault(
      table,
      column,
      `${JSON.stringify(written[0])} is a number as people write it. Write digits alone, with a point before decimals and without ` +
        'signs of thousands, per cent or money; or name the column in the option categories if its numbers are names.',
    );
  }
  const numbers = given.filter((cell) => !Number.isNaN(numberOf(cell))).length;
  return 2 * numbers > given.length;
}

/** The numbers of a column, NaN where nothing is given. @throws INVALID_DATA naming the row of a text */
function numbersOf(table: Table, column: Column): Float64Array {
  return Float64Array.from(column.cells, (cell, row) => {
    const value = numberOf(cell);
    if (Number.isFinite(Math.fround(value)) || isMissing(cell)) return value;
    throw columnFault(
      table,
      column,
      `${JSON.stringify(cell)} is no number that can be read, but most of the column are numbers. Correct it, leave the cell empty ` +
        'where nothing is known, or name the column in the option categories if its numbers are names.',
      row,
    );
  });
}

function fitNumbers(table: Table, column: Column, { scale }: EncodingOptions, rows: Int32Array): NumberEncoding {
  const values = numbersOf(table, column);
  const [first = 0] = values;
  if (values.length >= countedRows && values.every((value, row) => value === first + row)) {
    throw columnFault(
      table,
      column,
      'it counts the rows, which tells nothing of a sample but its place in the file. Leave it out by the option ignore.',
    );
  }
  const known = rows.filter((row) => !Number.isNaN(values[row]));
  const standard = standardOf(known.length, (index) => values[known[index] ?? 0] ?? 0);
  const { shift, unit } = scale === 'standard' ? standard : { shift: 0, unit: 1 };
  return { column: column.name, kind: 'number', shift, unit, fill: standard.shift };
}

/** From so many rows on, a column of which most texts stand in one row alone names the rows. */
const namedRows = 20;

/** @param isNamed whether its owner says that it holds categories */
function fitCategories(table: Table, column: Column, isNamed: boolean): CategoryEncoding {
  const categories = new Set<string>();
  for (const cell of column.cells) if (!isMissing(cell)) categories.add(cell.trim());
  if (categories.size > mostCategories) {
    throw columnFault(
      table,
      column,
      `it holds ${categories.size} different texts, which are too many to be categories (at most ${mostCategories}). Leave it out by the ` +
        'option ignore.',
    );
  }
  if (!isNamed && table.size >= namedRows && 2 * categories.size > table.size) {
    throw columnFault(
      table,
      column,
      `it holds ${categories.size} different texts in ${table.size} rows: these name the rows, and what one says tells nothing of another. ` +
        'Leave it out by the option ignore, or name it in the option categories if it is to be used all the same.',
    );
  }
  return { column: column.name, kind: 'category', categories: [...categories].toSorted() };
}
