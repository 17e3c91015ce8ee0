// What a second rank gains, and what the ranks send; see ../README.md.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { chosen, positive, runCommand } from '../command.mjs';
import { statistics } from '../statistics.mjs';
import { problems } from './problems.mjs';
import { ranksReport } from './report.mjs';

const names = Object.keys(problems);

const help = {
  usage: `Usage: npm run bench:ranks -- [options]

Times iterations on one rank and on two, in turns, with one thread each. Needs mpirun, and a second core.

  --problems LIST    of ${names.join(',')} (all)
  --seconds S        of iterations in each process (5)
  --reps N           processes of each kind (5)`,
  options: {
    problems: { type: 'string' },
    seconds: { type: 'string', default: '5' },
    reps: { type: 'string', default: '5' },
  },
};

const worker = fileURLToPath(new URL('worker.mjs', import.meta.url));

/** @param {number} ranks that each have a core of their own */
function run(ranks, name, seconds) {
  const words = [
    '--allow-run-as-root',
    '--bind-to',
    'core',
    '-n',
    String(ranks),
    process.execPath,
    worker,
    name,
    String(seconds),
  ];
  return JSON.parse(execFileSync('mpirun', words, { encoding: 'utf8' }));
}

async function measure(values) {
  const wanted = chosen(
    'problems',
    values.problems?.replaceAll(',', '\0').replaceAll(';', ',').replaceAll('\0', ','),
    names,
  );
  const [seconds, repetitions] = [positive('seconds', values.seconds), positive('reps', values.reps)];
  const results = [];
  let engine;
  for (const name of wanted) {
    const pairs = Array.from({ length: repetitions }, () => [1, 2].map((ranks) => run(ranks, name, seconds)));
    const [one, two] = [0, 1].map((at) => statistics(pairs.map((pair) => pair[at].milliseconds)));
    const efficiency = statistics(pairs.map(([a, b]) => a.milliseconds / (2 * b.milliseconds)));
    engine = pairs[0][1].info;
    results.push({ name, one, two, efficiency, sums: pairs[0][1].sums });
    console.error(`${name}: efficiency ${efficiency.median.toFixed(2)}`);
  }
  // docs/ has no part for these results yet.
  return { versions: { engine }, complete: false, results };
}

await runCommand('ranks', help, measure, ranksReport);
