import { statistics } from '../statistics.mjs';

/** Statistics of the milliseconds of one step, where `run(n)` does n of them; the first repetition only warms up. */
export async function timeOf(run, { seconds, repetitions }) {
  const timed = async (count) => {
    const start = performance.now();
    await run(count);
    return (performance.now() - start) / count;
  };
  await timed(1);
  const count = Math.max(1, Math.round((seconds * 1000) / (await timed(1))));
  await timed(count);
  const milliseconds = [];
  for (let repetition = 0; repetition < repetitions; repetition++) milliseconds.push(await timed(count));
  return statistics(milliseconds);
}
