import { BilevelError } from '../../errors.js';
import { numberOf } from './numbers.js';
import type { Column, Table } from './table.js';

/** What files write where they know nothing. */
const nothing: ReadonlySet<string> = new Set(['', 'NA', 'N/A', 'n/a', 'NaN', 'nan', 'NULL', 'null', '?']);

export const isMissing = (cell: string): boolean => nothing.has(cell.trim());

const time = '\\d{1,2}:\\d{2}(:\\d{2}([.,]\\d+)?)?( ?[ap]\\.?m\\.?)?';
const month = '(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\\.?';

/**
 * A day, a moment or a time of day: as ISO 8601 writes it, with points, strokes or dashes between day, month and year,
 * or with the month's English name.
 */
const dates = [
  `\\d{4}[-/]\\d{1,2}[-/]\\d{1,2}([T ]${time}\\s*(Z|UTC|[+-]\\d{2}:?\\d{2})?)?`,
  `\\d{1,2}[./-]\\d{1,2}[./-]\\d{2,4}(,? ${time})?`,
  `\\d{1,2}[ .-]{1,2}${month}[ ,.-]{1,2}\\d{2,4}(,? ${time})?`,
  `${month} \\d{1,2},? \\d{4}(,? ${time})?`,
  time,
].map((pattern) => new RegExp(`^${pattern}$`, 'i'));

/** Digits with commas in them, a percent sign or one of money: a number for people, who write it in several ways. */
export const isWrittenNumber = (cell: string): boolean =>
  /^[+-]?[$€£¥]?\s*\d[\d.,' ]*\s*[%$€£¥]?$/.test(cell.trim()) && Number.isNaN(numberOf(cell));

export const isDate = (cell: string): boolean => dates.some((pattern) => pattern.test(cell.trim()));

/** A fault of a column, in one of its rows where that is known. */
export function columnFault(table: Table, { name }: Column, what: string, row?: number): BilevelError {
  const place = row === undefined ? '' : `, ${table.place(row)}`;
  return new BilevelError('INVALID_DATA', `${table.source}${place}, column ${JSON.stringify(name)}: ${what}`);
}
