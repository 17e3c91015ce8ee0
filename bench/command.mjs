// What the benchmark's commands have in common: their options, keeping what was measured, and publishing it.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { environmentOf, loadNow, warnOfLoad } from './environment.mjs';
import { renewPage } from './page.mjs';
import { plain } from './report.mjs';
import { save } from './results.mjs';

/** The names of a list, in the order of those that are known; all of them without a list. */
export function chosen(option, text, known) {
  const names = text === undefined ? known : text.split(',');
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`--${option} knows ${known.join(', ')} but not ${unknown}`);
  return known.filter((name) => names.includes(name));
}

export function positive(option, text) {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${option} takes a positive number, not ${text}`);
  return value;
}

/** What every command takes besides its own options, in the last lines of its help. */
const common = `  --json             print the results as JSON in place of the tables
  --write            also renew the tables and charts in docs/
  --help             this text

Results are kept as JSON in bench/results/, and those that are written into docs/ in bench/history/.`;

/**
 * Runs one of the commands: measures, prints, keeps the results and with --write publishes them.
 * @param {string} kind of what is measured: the name of its files and of its part of the page
 * @param {{ usage: string, options: object, examples?: string }} help usage with a line for each of the options, which
 *   are those of parseArgs
 * @param {(values: object) => Promise<{ versions: object, complete?: boolean }>} measure what it returns besides is
 *   kept as it is; what is not complete, or not whole, is not published
 * @param {(session: object) => { title?: string, text: string }[]} report
 */
export async function runCommand(kind, { usage, options, examples }, measure, report) {
  try {
    const boolean = { type: 'boolean', default: false };
    const { values } = parseArgs({ options: { ...options, json: boolean, write: boolean, help: boolean } });
    if (values.help) {
      console.log([`${usage}\n${common}`, ...(examples ? [`Examples:\n${examples}`] : [])].join('\n\n'));
      return;
    }
    warnOfLoad();
    const start = loadNow();
    const { versions, complete = true, ...results } = await measure(values);
    const session = { environment: environmentOf({ start, end: loadNow() }, versions), ...results };
    const file = fileURLToPath(await save('results', kind, session));
    console.log(values.json ? JSON.stringify(session, null, 1) : plain(report(session)));
    console.error(`\nKept in ${file}${complete ? '' : ', as far as it came'}`);
    if (!values.write || !complete) return;
    await save('history', kind, session);
    await renewPage([kind]);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
