/** A cell; undefined is an empty one. */
export type CsvValue = string | number | bigint | boolean | undefined;

function encodeCell(value: CsvValue): string {
  const text = value === undefined ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Comma-separated text with one header row, quoted as RFC 4180 says, lines ended by a line feed. */
export function encodeCsv(header: readonly string[], rows: Iterable<readonly CsvValue[]>): string {
  let text = `${header.map(encodeCell).join(',')}\n`;
  for (const row of rows) text += `${row.map(encodeCell).join(',')}\n`;
  return text;
}
