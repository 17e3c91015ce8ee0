// Times iterations of MAML on meta-batches of several sizes, beside PyTorch; see ../README.md.
import { Child, interrupted, pythonCommand } from '../child.mjs';
import { positive, runCommand } from '../command.mjs';
import { statistics } from '../statistics.mjs';
import { prepare } from './maml.mjs';
import { checkedUpdates, problemOf } from './problem.mjs';
import { episodesReport, labels } from './report.mjs';

const help = {
  usage: `Usage: npm run bench:episodes -- [options]

Times iterations of MAML, each task with a network of its own, beside PyTorch: tasks in a loop, vmap, and compiled.

  --tasks LIST       tasks of a meta-batch (1,4,16)
  --python PATH      a Python with PyTorch, which is then compared with too
  --reps N           timed repetitions of each contender (7)
  --seconds S        length of a repetition, in whole iterations (1)
  --limit S          most seconds that a contender gets to prepare (240)`,
  options: {
    tasks: { type: 'string', default: '1,4,16' },
    python: { type: 'string' },
    reps: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '1' },
    limit: { type: 'string', default: '240' },
  },
  examples: '  npm run bench:episodes -- --python venv/bin/python --write',
};

/** Relative difference of float32 that is let pass, as ../measure.mjs reasons. */
const tolerance = 1e-3;

/** A contender in this process, spoken to as those in processes of their own. */
async function ownRacer(problem) {
  const job = await prepare(problem);
  const { value, gradientNorm } = await job.check();
  const values = { value, gradientNorm, valueAfterUpdates: await job.run(checkedUpdates + 1) };
  return {
    prepared: { values, versions: job.versions },
    async time(count) {
      const start = performance.now();
      await job.run(count);
      return { milliseconds: (performance.now() - start) / count };
    },
    stop: () => job.dispose(),
  };
}

async function pythonRacer(option, problem, { python, limit }, signal) {
  const work = { module: 'tasks_with_torch', option, step: 'maml', problem };
  const child = new Child(pythonCommand(work, { python, limit }));
  const prepared = await child.reply(limit, signal);
  return { prepared, time: (count) => child.time(count, limit, signal), stop: () => child.stop() };
}

/** What is off by more than float32 can be. */
const differences = (values, expected) =>
  Object.keys(expected).filter((key) => !(Math.abs(values[key] / expected[key] - 1) <= tolerance));

/** Iterations of one size of the meta-batch for all contenders, in turn. */
async function measureTasks(tasks, options, signal) {
  const problem = problemOf(tasks);
  const racers = [];
  try {
    const own = await ownRacer(problem);
    racers.push({ name: 'bilevel', ...own, milliseconds: [] });
    for (const option of options.python ? ['loop', 'vmap', 'compile'] : []) {
      const racer = await pythonRacer(option, problem, options, signal);
      const wrong = racer.prepared.failed ? [] : differences(racer.prepared.values, own.prepared.values);
      const failed = racer.prepared.failed ?? (wrong.length > 0 ? `${wrong.join(' and ')} differ` : undefined);
      racers.push({ name: option, ...racer, milliseconds: [], failed });
    }
    const running = () => racers.filter(({ failed }) => failed === undefined);
    for (const racer of running()) {
      const { milliseconds, failed } = await racer.time(1);
      racer.failed = failed;
      racer.count = Math.max(1, Math.round((options.seconds * 1000) / milliseconds));
    }
    for (let repetition = 0; repetition < options.repetitions; repetition++) {
      for (const racer of running()) {
        const { milliseconds, failed } = await racer.time(racer.count);
        if (failed !== undefined) racer.failed = failed;
        else racer.milliseconds.push(milliseconds);
      }
    }
    return racers
      .filter(({ failed }) => failed !== interrupted)
      .map(({ name, prepared: { form, versions, values }, milliseconds, failed }) => ({
        tasks,
        contender: name,
        ...{ form, versions, values, failed },
        ...(milliseconds.length > 0 && statistics(milliseconds)),
      }));
  } finally {
    for (const racer of racers) racer.stop();
  }
}

async function measure(values) {
  const options = {
    seconds: positive('seconds', values.seconds),
    repetitions: positive('reps', values.reps),
    limit: positive('limit', values.limit),
    python: values.python,
  };
  if (values.write && !values.python) throw new Error('--write needs --python, as the page compares with PyTorch');
  const interruption = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => interruption.abort());
  const results = [];
  for (const text of values.tasks.split(',')) {
    if (interruption.signal.aborted) break;
    const measured = await measureTasks(positive('tasks', text), options, interruption.signal);
    results.push(...measured);
    for (const { tasks, contender, median, failed } of measured) {
      console.error(
        `${tasks} tasks, ${labels[contender]}: ${failed ?? `${((1000 * tasks) / median).toFixed(1)} tasks a second`}`,
      );
    }
  }
  const versions = Object.assign({}, ...results.map((result) => result.versions));
  return { versions, complete: !interruption.signal.aborted, options, results };
}

await runCommand('episodes', help, measure, episodesReport);
