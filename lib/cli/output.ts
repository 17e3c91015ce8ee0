import { hostname } from 'node:os';
import { CommanderError, Help } from 'commander';
import { launched } from '../engine/launcher.js';
import { BilevelError, type ErrorCode, isError } from '../errors.js';
import { UnsupportedOperatorsError } from '../onnx/unsupported.js';
import { printable } from '../printable.js';
import { NonFiniteError } from '../solvers/diagnosis/non-finite.js';
import { IncompleteError } from './incomplete.js';
import { printJson, printNote, style } from './print.js';

/**
 * A table whose column widths fit the content, each row in one line; the first column is aligned to the left, the
 * others to the right by default.
 */
export function formatTable(
  header: readonly string[],
  content: readonly (readonly string[])[],
  alignments: readonly ('left' | 'right')[] = ['left'],
): string {
  const rows = content.map((row) => row.map(printable));
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        alignments[column] === 'left' ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  return [
    style('bold', line(header)),
    style('dim', widths.map((width) => '─'.repeat(width)).join('──')),
    ...rows.map(line),
  ].join('\n');
}

/** Columns of the terminal, at most 120; 80 where the output goes elsewhere. */
export const outputWidth = Math.min(process.stdout.columns ?? 80, 120);

/** The text in lines of at most the output's width, each indented. */
export function wrapText(text: string, indent: number): string {
  const margin = ' '.repeat(indent);
  return margin + new Help().boxWrap(text, outputWidth - indent).replaceAll('\n', `\n${margin}`);
}

/** Prints an error for people on stderr, or for programs as JSON on stdout. */
export function printError(error: unknown, json: boolean): void {
  const code = codeOf(error);
  const where = rankName();
  if (json) printJson(errorJson(error));
  else printNote(`${style('red', 'error')} ${where}${messageOf(error)} ${style('dim', `(${code})`)}`);
  if (code === 'INTERNAL' && isError(error)) printNote(error.stack ?? '');
}

/** Which of several processes an error comes from. */
function rankName(): string {
  const rank = launched()?.rank;
  return rank === undefined ? '' : `on rank ${rank}, ${hostname()}: `;
}

/** An error as programs get it. */
export function errorJson(error: unknown): object {
  return { error: { code: codeOf(error), message: messageOf(error), ...detailsOf(error) } };
}

/** JSON has no NaN and no infinities: they become their names. */
const nameNonFinite = (_: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;

/**
 * Where a value was not finite and why, what of a file is not understood, or which runs are missing, also when the
 * error was told again with more.
 */
function detailsOf(error: unknown): object {
  for (let each = error; isError(each); each = each.cause) {
    if (
      each instanceof NonFiniteError ||
      each instanceof UnsupportedOperatorsError ||
      each instanceof IncompleteError
    ) {
      return { details: JSON.parse(JSON.stringify(each.details, nameNonFinite)) };
    }
  }
  return {};
}

function messageOf(error: unknown): string {
  if (error instanceof CommanderError) return `${error.message.replace(/^error: /, '')} Use --help for all options.`;
  return isError(error) ? error.message : String(error);
}

function codeOf(error: unknown): ErrorCode | 'INTERNAL' {
  if (error instanceof BilevelError) return error.code;
  if (error instanceof CommanderError) {
    return error.code === 'commander.unknownOption' ? 'UNKNOWN_OPTION' : 'INVALID_ARGUMENT';
  }
  return 'INTERNAL';
}
