// Runs the study of the synthetic problems and writes its tables and pictures into docs/synthetic.md.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chartsOf } from '../dist/lib/cli/synthetic-report.js';
import { distanceTable, eigenvalueText, secondsPer10k, verdictTable } from '../dist/lib/cli/synthetic-summary.js';
import { renderSvg } from '../dist/lib/report/svg.js';
import { nameOfRun, paperPlan, publishedSeconds, readRun, runsOf } from '../dist/lib/tasks/synthetic/index.js';
import { publish, table } from './pages.mjs';

const usage = `Usage: npm run study:synthetic -- [options]

  --out FOLDER   where the runs are kept, and gone on with (runs/synthetic-study)
  --write        also write tables and pictures into docs/
  --help         this text`;

const command = fileURLToPath(new URL('../dist/lib/cli/main.js', import.meta.url));
const page = new URL('../docs/synthetic.md', import.meta.url);
const pictures = new URL('../docs/images/', import.meta.url);

/** The figures of the paper with one matrix for all trials, and where it matters with one for each. */
const plans = {
  shared: paperPlan,
  perTrial: { ...paperPlan, problems: ['P3', 'P4'], methods: ['approxGrad', 'penalty'] },
};

/** Makes the runs that the folder lacks and returns all. */
async function runPlan(matrix, { problems, methods, lowerSteps }, folder) {
  const lists = ['--problems', problems, '--methods', methods, '--T', lowerSteps].map(String);
  const given = ['--matrix', matrix, ...lists, '--out', folder];
  const resume = existsSync(join(folder, 'config.json')) ? ['--resume'] : [];
  const { status } = spawnSync(process.execPath, [command, 'synthetic', ...given, ...resume], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error(`bilevel synthetic ${given.join(' ')} ended with status ${status}`);
  const settings = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'));
  const runs = [];
  for (const key of runsOf({ problems, methods, lowerSteps })) {
    runs.push(await readRun(join(folder, `${nameOfRun(key)}.safetensors`), key));
  }
  return { settings, runs, folder };
}

/** Our seconds with the most lower steps, and how many times longer the published ones are, for each problem and method. */
function timesTable(studies) {
  const { methods, lowerSteps } = plans.shared;
  const most = Math.max(...lowerSteps);
  const rows = studies.flatMap(({ settings, runs }) =>
    [...new Set(runs.map(({ problem }) => problem))].map((problem) => [
      problem,
      settings.matrix,
      ...methods.map((method) => {
        const run = runs.find((each) => each.problem === problem && each.method === method && each.lowerSteps === most);
        if (run === undefined) return '';
        return `${secondsPer10k(run).toFixed(2)}, ${Math.round(publishedSeconds(run) / secondsPer10k(run))} ×`;
      }),
    ]),
  );
  return table(['Problem', 'matrix', ...methods], rows);
}

const markdown = ({ header, rows }) => table(header, rows);

async function main() {
  const { values } = parseArgs({
    options: {
      out: { type: 'string', default: 'runs/synthetic-study' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(usage);
  const shared = await runPlan('shared', plans.shared, join(values.out, 'shared'));
  const perTrial = await runPlan('perTrial', plans.perTrial, join(values.out, 'perTrial'));
  const { problems } = plans.shared;
  const text = [
    'Means of the trials, and faintly the trials themselves:',
    ...problems.map((problem) => `![Distances of ${problem}](images/synthetic-${problem}.svg)`),
    `One matrix A for all trials; ${eigenvalueText(shared)}.`,
    markdown(distanceTable(shared)),
    'A matrix of its own for every trial:',
    markdown(distanceTable(perTrial)),
    `For these, ${eigenvalueText(perTrial)}.`,
    `Seconds for 10,000 iterations of all ${shared.settings.trials} trials with T = ${Math.max(...plans.shared.lowerSteps)}, and how many times longer those of Table 4 are, of one trial:`,
    timesTable([shared, perTrial]),
    'What was to be reached, with one matrix and then with one for each trial:',
    markdown(verdictTable(shared)),
    markdown(verdictTable(perTrial)),
    `Times are of one thread of ${os.cpus()[0]?.model.trim() ?? 'an unknown processor'}, Node ${process.versions.node}; load average ${os.loadavg()[0].toFixed(1)} at the end.`,
  ].join('\n\n');
  console.log(text);
  if (!values.write) return;
  await mkdir(pictures, { recursive: true });
  for (const problem of problems) {
    await writeFile(new URL(`synthetic-${problem}.svg`, pictures), renderSvg(chartsOf(shared.runs, problem), 3));
  }
  await publish(page, 'measured', text);
}

await main();
