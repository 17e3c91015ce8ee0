// All cases one after the other, with their progress on standard error.
import { contenders } from './contenders/index.mjs';
import { measureCase } from './measure.mjs';
import { short } from './statistics.mjs';

function show(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text.slice(0, process.stderr.columns - 1)}`);
}

function tell(text) {
  show('');
  console.error(text);
}

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;

/** The results of a case in a line: bilevel's time, and the others over it from the fastest to the slowest. */
function summary(results) {
  const timed = results.filter(({ contender, median }) => median !== undefined && !contenders[contender].probe);
  const own = timed.find(({ contender }) => contender === 'bilevel');
  const others = timed.filter((result) => result !== own).sort((a, b) => a.median - b.median);
  const text = ({ contender, median }) =>
    `${contenders[contender].label} ${own ? `x${short(median / own.median)}` : `${short(median)} ms`}`;
  return [own && `bilevel ${short(own.median)} ms`, ...others.map(text)].filter(Boolean).join(', ');
}

/**
 * Which contenders are not worth trying: those in JavaScript for whom a network was too much, on it and all larger
 * ones, also in a later step. In Python it may have been the compiler that took so long.
 */
class TooSlow {
  #seen = [];

  constructor(order) {
    this.order = order;
  }

  note(results) {
    this.#seen.push(...results.filter(({ contender, slow }) => slow && !contenders[contender].python));
  }

  reason(name, network) {
    const place = this.order.indexOf(network);
    const smaller = this.#seen.find((seen) => seen.contender === name && this.order.indexOf(seen.network) <= place);
    return smaller && `${smaller.failed} for ${smaller.step} ${smaller.network}`;
  }
}

/**
 * @param {{ steps: string[], networks: string[], names: string[] }} selection networks from the smallest to the largest
 * @returns the results of all cases, or of those that were timed when the signal came
 */
export async function measureAll({ steps, networks, names }, options, signal) {
  const cases = steps.flatMap((step) => networks.map((network) => ({ step, network })));
  const tooSlow = new TooSlow(networks);
  const results = [];
  const start = performance.now();
  for (const [index, { step, network }] of cases.entries()) {
    if (signal.aborted) break;
    const place = () =>
      `[${index + 1}/${cases.length} ${clock((performance.now() - start) / 1000)}] ${step} ${network}`;
    const skipped = names.flatMap((contender) => {
      const failed = tooSlow.reason(contender, network);
      return failed ? [{ step, network, contender, failed, skipped: true }] : [];
    });
    const tried = names.filter((name) => !skipped.some(({ contender }) => contender === name));
    const measured = await measureCase({ step, network, names: tried }, options, signal, (text) =>
      show(`${place()}: ${text}`),
    );
    tooSlow.note(measured);
    results.push(...measured, ...skipped);
    tell(`${place()}: ${summary(measured)}`);
  }
  return results;
}
