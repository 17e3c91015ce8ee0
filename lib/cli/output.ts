import { styleText } from 'node:util';
import { BilevelError } from '../errors.js';

/** A right-aligned table, but for the first column; column widths fit the content. */
export function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd();
  return [
    styleText('bold', line(header)),
    styleText('dim', widths.map((width) => '─'.repeat(width)).join('──')),
    ...rows.map(line),
  ].join('\n');
}

/** `1 h 02 min`, `3 min 20 s`, `12.3 s`. */
export function formatDuration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(Math.round(seconds % 60)).padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** `0.9077` as `90.77`. */
export function formatPercent(share: number, digits = 2): string {
  return Number.isFinite(share) ? (100 * share).toFixed(digits) : '–';
}

/** `1.4 M`, `23.0 k`, `512`. */
export function formatQuantity(value: number, unit = ''): string {
  const [scale, prefix] = value >= 1e9 ? [1e9, 'G'] : value >= 1e6 ? [1e6, 'M'] : value >= 1e3 ? [1e3, 'k'] : [1, ''];
  return `${(value / scale).toFixed(scale === 1 ? 0 : 1)} ${prefix}${unit}`.trimEnd();
}

/** Prints an error for people on stderr, or for programs as JSON on stdout. */
export function printError(error: unknown, json: boolean): void {
  const code = error instanceof BilevelError ? error.code : 'INTERNAL';
  const message = error instanceof Error ? error.message : String(error);
  if (json) console.log(JSON.stringify({ error: { code, message } }));
  else console.error(`${styleText('red', 'error')} ${message} ${styleText('dim', `(${code})`)}`);
  if (code === 'INTERNAL' && error instanceof Error) console.error(error.stack);
}
