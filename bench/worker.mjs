// The child process of one contender on one case: prepares, reports what it computes, then times on demand.
import { contenders } from './contenders/index.mjs';
import { checkedUpdates } from './problem.mjs';

const [contender, step, name] = process.argv.slice(2);
const { module, option } = contenders[contender];

async function answer(work) {
  try {
    process.send(await work());
  } catch (error) {
    process.send({ failed: error instanceof Error ? error.message : String(error) });
  }
}

let job;
await answer(async () => {
  const { prepare } = await import(`./contenders/${module}.mjs`);
  job = await prepare(step, name, option);
  const { value, gradientNorm } = await job.check();
  const valueAfterUpdates = await job.run(checkedUpdates + 1);
  return { values: { value, gradientNorm, valueAfterUpdates }, versions: job.versions, flops: job.flops };
});

process.on('disconnect', () => process.exit());
process.on('message', ({ count }) =>
  answer(async () => {
    const start = performance.now();
    const value = await job.run(count);
    const milliseconds = (performance.now() - start) / count;
    if (!Number.isFinite(value)) throw new Error('the value is no longer finite');
    return { milliseconds };
  }),
);
