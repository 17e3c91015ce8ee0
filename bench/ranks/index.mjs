// What a second rank gains, and what the ranks send; see ../README.md.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { chosen, positive, runCommand } from '../command.mjs';
import { statistics } from '../statistics.mjs';
import { makeHosts } from './hosts.mjs';
import { problems } from './problems.mjs';
import { ranksReport } from './report.mjs';

const names = Object.keys(problems);

const help = {
  usage: `Usage: npm run bench:ranks -- [options]

Times iterations on one rank and on two, in turns, with one thread each, and on two hosts with a slow link between
them. Needs mpirun, and a second core; the hosts are network namespaces and need root, /dev/net/tun, ip and g++.

  --problems LIST    of ${names.join(',')} (all)
  --seconds S        of iterations in each process (5)
  --reps N           processes of each kind (5)
  --link MBIT/MS     megabits a second each way and milliseconds on the way (1000/1); "none" leaves the hosts out`,
  options: {
    problems: { type: 'string' },
    seconds: { type: 'string', default: '5' },
    reps: { type: 'string', default: '5' },
    link: { type: 'string', default: '1000/1' },
  },
};

const worker = fileURLToPath(new URL('worker.mjs', import.meta.url));

/** Ranks of this host, each with a core of its own. */
const mpirun = ['mpirun', '--allow-run-as-root', '--bind-to', 'core'];

function run([command, ...words], ranks, name, seconds, ...flags) {
  const program = ['-n', String(ranks), process.execPath, worker, name, String(seconds), ...flags];
  return JSON.parse(execFileSync(command, [...words, ...program], { encoding: 'utf8' }));
}

function linkOf(text) {
  if (text === 'none') return undefined;
  const [megabits, milliseconds] = text.split('/').map((part) => positive('link', part));
  if (milliseconds === undefined) throw new Error(`--link takes MBIT/MS or none, not ${text}`);
  return { bitsPerSecond: 1e6 * megabits, seconds: milliseconds / 1000 };
}

/** One rank, two, two processes that have nothing to do with each other, and two ranks on hosts of their own. */
function measureOne(name, hosts, seconds, repetitions) {
  const runs = Array.from({ length: repetitions }, () => [
    run(mpirun, 1, name, seconds),
    run(mpirun, 2, name, seconds),
    run(mpirun, 2, name, seconds, 'apart'),
    ...(hosts ? [run(hosts.words, 2, name, seconds)] : []),
  ]);
  const [one, two, neighbours, apart] = runs[0].map((_, at) => statistics(runs.map((each) => each[at].milliseconds)));
  const efficiency = statistics(runs.map(([a, b]) => a.milliseconds / (2 * b.milliseconds)));
  const ceiling = statistics(runs.map(([a, , b]) => a.milliseconds / b.milliseconds));
  const { info, sums, theory } = runs[0][1];
  console.error(
    `${name}: efficiency ${efficiency.median.toFixed(2)}, of unrelated processes ${ceiling.median.toFixed(2)}`,
  );
  return { info, result: { name, one, two, neighbours, apart, efficiency, ceiling, sums, theory } };
}

async function measure(values) {
  const wanted = chosen('problems', values.problems, names);
  const [seconds, repetitions] = [positive('seconds', values.seconds), positive('reps', values.reps)];
  const link = linkOf(values.link);
  const hosts = link && (await makeHosts(link));
  try {
    const measured = wanted.map((name) => measureOne(name, hosts, seconds, repetitions));
    const complete = wanted.length === names.length && link !== undefined;
    return { versions: { engine: measured[0].info }, complete, link, results: measured.map(({ result }) => result) };
  } finally {
    await hosts?.remove();
  }
}

await runCommand('ranks', help, measure, ranksReport);
