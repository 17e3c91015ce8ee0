import { printableLines } from '../printable.js';

/** A cell; undefined is an empty one, and `digits` a number as it was written. */
export type CsvValue = string | number | bigint | boolean | undefined | { readonly digits: string };

/** Text that a spreadsheet would take for a formula gets an apostrophe in front, which tells it that it is text. */
function encodeCell(value: CsvValue): string {
  if (typeof value === 'object') return value.digits;
  if (typeof value !== 'string') return value === undefined ? '' : String(value);
  const text = printableLines(/^[=+\-@\t\r]/.test(value) ? `'${value}` : value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Comma-separated text with one header row, quoted as RFC 4180 says, lines ended by a line feed. */
export function encodeCsv(header: readonly string[], rows: Iterable<readonly CsvValue[]>): string {
  let text = `${header.map(encodeCell).join(',')}\n`;
  for (const row of rows) text += `${row.map(encodeCell).join(',')}\n`;
  return text;
}
