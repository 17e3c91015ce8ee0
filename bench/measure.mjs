// Compares what each contender computes with the reference, and times those that are right in turn.
import { readFile } from 'node:fs/promises';
import { Child, command, interrupted } from './child.mjs';
import { contenders } from './contenders/index.mjs';
import { statistics } from './statistics.mjs';

const reference = JSON.parse(await readFile(new URL('reference.json', import.meta.url), 'utf8'));

/**
 * How far float32 may be from float64, relatively. A gradient jumps where a ReLU begins or another element wins a
 * max-pool. Rounding by 2^-24, which long sums and many layers make ten to a hundred times larger, puts a share p of
 * about 1e-6 of all units on the other side of such a kink. Their parts of the gradient differ then by as much as they
 * are, and as different units are about independent, the whole differs by about sqrt(p) = 1e-3: weights of mnist-cnn
 * that are 1e-6 or 1e-5 off change its gradient by 2e-4 or 1e-3, in float64. So do updates: Adam's first one moves
 * every weight by the sign of its derivative. A derivative that is wrong is so by 1e-2 and more.
 */
const tolerance = 1e-3;

/**
 * Repetitions that a slow contender gets too: those that take longer than all of them should are no more than these.
 */
const fewest = 3;

/** The first quantity that is off, with what it should be. */
function deviation(values, expected) {
  for (const [quantity, value] of Object.entries(expected)) {
    const error = Math.abs(values[quantity] - value) / Math.abs(value);
    if (!(error <= tolerance)) return { quantity, received: values[quantity], expected: value };
  }
  return undefined;
}

/** Checks, warms up, and finds how many steps make up a repetition. */
async function prepare(racer, expected, { seconds, limit }, signal) {
  const { probe, patience = 1 } = contenders[racer.name];
  const prepared = await racer.child.reply(Math.round(patience * limit), signal);
  if (prepared.failed !== undefined) return prepared;
  const wrong = probe ? undefined : deviation(prepared.values, expected);
  if (wrong) {
    racer.child.stop();
    return { ...prepared, wrong };
  }
  for (let round = 0; round < 3; round++) {
    const warm = await racer.child.time(racer.count, limit, signal);
    if (warm.failed !== undefined) return { ...prepared, ...warm };
    racer.count = Math.max(1, Math.round((seconds * 1000) / warm.milliseconds));
    if (warm.milliseconds > seconds * 1000) break;
  }
  racer.ready = true;
  return prepared;
}

/**
 * Whether a racer has had its share of the time: all of its repetitions, or a few that took longer than those should.
 */
function isDone({ milliseconds, count }, { seconds, repetitions }) {
  const spent = (milliseconds.reduce((a, b) => a + b, 0) * count) / 1000;
  return milliseconds.length >= fewest && spent > 1.5 * seconds * repetitions;
}

/**
 * Times one step of one network for several contenders, in turn (A B C A B C ...), so that a change of the machine's
 * speed meets them all. Everyone is prepared alone, and only one of them runs at any time.
 * @param {{ seconds: number, repetitions: number, limit: number, python?: string }} options seconds of a repetition,
 *   their number, the most seconds that a contender gets to prepare and for one repetition, and the Python of those
 *   that need one
 * @param {AbortSignal} signal ends it early; what was timed by then is returned
 */
export async function measureCase({ step, network, names }, options, signal, onProgress) {
  const expected = reference[network][step];
  const results = new Map();
  const racers = [];
  try {
    for (const name of names) {
      if (signal.aborted) break;
      onProgress(`${contenders[name].label} prepares`);
      const racer = {
        name,
        child: new Child(command(name, step, network, options)),
        count: 1,
        milliseconds: [],
        ready: false,
      };
      racers.push(racer);
      results.set(name, await prepare(racer, expected, options, signal));
    }
    for (let repetition = 0; repetition < options.repetitions; repetition++) {
      onProgress(`repetition ${repetition + 1} of ${options.repetitions}`);
      for (const racer of racers) {
        if (!racer.ready || isDone(racer, options)) continue;
        const { milliseconds, ...failure } = await racer.child.time(racer.count, options.limit, signal);
        if (failure.failed === undefined) racer.milliseconds.push(milliseconds);
        else {
          racer.ready = false;
          Object.assign(results.get(racer.name), failure);
        }
      }
    }
    for (const { name, milliseconds, count } of racers) {
      if (milliseconds.length === 0) continue;
      Object.assign(results.get(name), { stepsPerRepetition: count, ...statistics(milliseconds) });
    }
  } finally {
    for (const { child } of racers) child.stop();
  }
  return [...results]
    .filter(([, { median, failed }]) => median !== undefined || failed !== interrupted)
    .map(([contender, result]) => ({ step, network, contender, ...result }));
}
