import { randomUUID } from 'node:crypto';
import { styleText } from 'node:util';
import { codeOf, ioError } from '../data/files.js';
import { printableJson, printableLines } from '../printable.js';

// Everything that the command prints leaves through this file, where what came from files is made safe.

type Style = 'bold' | 'dim' | 'green' | 'red' | 'yellow';

/** Nothing that was written before the process began can hold it, and so pass for a style. */
const secret = randomUUID();
const styled = new RegExp(`<${secret} (\\w+)>([^]*?)</${secret}>`, 'g');

/** Text that is printed in a style. Until then the style is a mark around it. */
export function style(format: Style, text: string): string {
  return `<${secret} ${format}>${text}</${secret}>`;
}

/** The text as it goes to a terminal: safe, with its marks as the terminal's own sequences. */
function render(text: string): string {
  // The pieces are, in turns, text without a style, the name of a style, and the text that has it.
  return text
    .split(styled)
    .map((piece, index, pieces) => {
      if (index % 3 === 1) return '';
      const safe = printableLines(piece);
      return index % 3 === 0 ? safe : styleText(pieces[index - 1] as Style, safe);
    })
    .join('');
}

/** Prints lines on stdout, for people. */
export function print(text: string): void {
  writeOut(`${render(text)}\n`);
}

/** Prints a value on stdout, for programs. */
export function printJson(value: unknown, indent?: number): void {
  writeOut(`${printableJson(value, indent)}\n`);
}

/** Prints lines on stderr: errors, and what tells how far a run is. */
export function printNote(text: string): void {
  try {
    process.stderr.write(`${render(text)}\n`);
  } catch {
    // As in guardStreams.
  }
}

function writeOut(text: string): void {
  try {
    process.stdout.write(text);
  } catch (error) {
    outputFailed(error);
  }
}

/**
 * Keeps a stream that cannot be written from ending the process in the middle of its work. Who reads our output may
 * stop reading, as `head` does: then the rest is not missed. Any other failure is told, and makes the exit status 1.
 */
export function guardStreams(): void {
  process.stdout.on('error', outputFailed);
  // What only tells how a run is getting on is not worth the run, and there is nobody left to tell.
  process.stderr.on('error', () => undefined);
}

function outputFailed(error: unknown): void {
  if (codeOf(error) === 'EPIPE') return;
  process.exitCode = 1;
  printNote(`${style('red', 'error')} ${ioError('write', 'the standard output', error).message}`);
}
