import { BilevelError } from '../../errors.js';
import type { Column, Table } from './table.js';

/** What files write where they know nothing. */
const nothing: ReadonlySet<string> = new Set(['', 'NA', 'N/A', 'n/a', 'NaN', 'nan', 'NULL', 'null', '?']);

export const isMissing = (cell: string): boolean => nothing.has(cell.trim());

/** A number in decimal digits; NaN for what is none. */
export function numberOf(cell: string): number {
  return /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(cell) ? Number(cell) : Number.NaN;
}

/** A day, or a moment: as ISO 8601 writes it, or with points or strokes between day, month and year. */
const dates = [
  /^\d{4}-\d{1,2}-\d{1,2}([T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?)?$/,
  /^\d{1,2}[./]\d{1,2}[./]\d{2,4}( \d{1,2}:\d{2}(:\d{2})?)?$/,
];

export const isDate = (cell: string): boolean => dates.some((pattern) => pattern.test(cell.trim()));

/** A fault of a column, in one of its rows where that is known. */
export function columnFault(table: Table, { name }: Column, what: string, row?: number): BilevelError {
  const place = row === undefined ? '' : `, ${table.place(row)}`;
  return new BilevelError('INVALID_DATA', `${table.source}${place}, column ${JSON.stringify(name)}: ${what}`);
}
