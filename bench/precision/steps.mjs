// A step of a network in each precision: its time, and what rounding does to its value and its gradient.
import { prepareStep } from '../contenders/bilevel.mjs';
import { networks } from '../networks.mjs';
import { statistics } from '../statistics.mjs';
import { precisions } from './precisions.mjs';

/** Steps of a repetition, fewer where they are slow. */
const secondsOfRepetition = 0.5;

/** |a - b| / |a| of vectors in several parts. */
function deviation(a, b) {
  let square = 0;
  let difference = 0;
  for (const [part, values] of a.entries()) {
    for (const [i, value] of values.entries()) {
      square += value ** 2;
      difference += (value - b[part][i]) ** 2;
    }
  }
  return Math.sqrt(difference / square);
}

async function millisecondsOf(job, count) {
  const start = performance.now();
  await job.run(count);
  return (performance.now() - start) / count;
}

/** One network and step in both precisions, whose repetitions take turns. */
export async function compareSteps(step, name, repetitions) {
  const jobs = {};
  for (const precision of precisions) jobs[precision] = await prepareStep(step, networks[name], { precision });
  const [exact, rounded] = Object.values(jobs);
  const gradient = deviation(await exact.gradient(), await rounded.gradient());
  const value = deviation([[(await exact.check()).value]], [[(await rounded.check()).value]]);
  const counts = {};
  for (const [precision, job] of Object.entries(jobs)) {
    await job.run(1);
    counts[precision] = Math.max(1, Math.round((secondsOfRepetition * 1000) / (await millisecondsOf(job, 1))));
  }
  const milliseconds = Object.fromEntries(precisions.map((precision) => [precision, []]));
  for (let repetition = 0; repetition < repetitions; repetition++) {
    for (const [precision, job] of Object.entries(jobs)) {
      milliseconds[precision].push(await millisecondsOf(job, counts[precision]));
    }
  }
  for (const job of Object.values(jobs)) job.dispose();
  const times = Object.entries(milliseconds).map(([precision, all]) => [precision, statistics(all)]);
  return { step, network: name, value, gradient, ...Object.fromEntries(times) };
}
