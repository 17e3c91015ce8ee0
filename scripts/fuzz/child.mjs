// A process that tries mutants one after the other. It says the number of each before it begins, so that the one that
// ended the process, or that never ends, is known; and what is wrong with it, when the process goes on.
import { writeSync } from 'node:fs';
import { BilevelError } from '../../dist/lib/errors.js';
import { mutant } from './mutant.mjs';
import { targets } from './targets.mjs';

/** What one mutant may take of the processor, and the process of memory. */
const mostSeconds = 5;
const mostMemoryKiB = 2 * 2 ** 20;

const { name, seed, from, to, until } = JSON.parse(process.argv[2]);
const say = (message) => writeSync(1, `${JSON.stringify(message)}\n`);

const target = targets[name];
const seeds = await target.seeds();
let next = from;
for (; next < to && Date.now() < until; next++) {
  say({ begins: next });
  const bytes = mutant(name, target, seeds, seed, next);
  const before = process.cpuUsage();
  let outcome = 'accepted';
  let fault;
  try {
    await target.execute(bytes);
  } catch (error) {
    const known = error instanceof BilevelError && target.codes.includes(error.code);
    outcome = known ? error.code : 'fault';
    if (!known) fault = error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  const { user, system } = process.cpuUsage(before);
  const seconds = (user + system) / 1e6;
  const { maxRSS } = process.resourceUsage();
  if (seconds > mostSeconds) fault ??= `it takes ${seconds.toFixed(1)} s of the processor (${outcome})`;
  if (maxRSS > mostMemoryKiB) fault ??= `the process has taken ${(maxRSS / 2 ** 20).toFixed(1)} GiB (${outcome})`;
  say({ ends: fault === undefined ? outcome : 'fault' });
  if (fault !== undefined) {
    say({ fault, index: next });
    // What was taken once counts for all mutants after it.
    if (maxRSS > mostMemoryKiB) {
      next++;
      break;
    }
  }
}
say({ next });
process.exit(0);
