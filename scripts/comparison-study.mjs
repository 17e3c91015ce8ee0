// Compares the methods on hyper-cleaning, by time and by evaluations, and writes tables and pictures into docs/hyper-cleaning.md.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { comparisonCharts } from '../dist/lib/cli/compare-report.js';
import { claimsOf, claimText, failures } from '../dist/lib/cli/compare-summary.js';
import { endTable, lossTable, settingsTable } from '../dist/lib/cli/compare-tables.js';
import { Device } from '../dist/lib/engine/index.js';
import { renderSvg } from '../dist/lib/report/svg.js';
import { findMethod } from '../dist/lib/solvers/index.js';
import {
  HyperCleaningRun,
  loadHyperCleaningData,
  methodRun,
  validateTask,
} from '../dist/lib/tasks/hyper-cleaning/index.js';
import { publish, table } from './pages.mjs';

const usage = `Usage: npm run study:comparison -- [options]

  --seconds N      training of each method, with the settings of the paper (60)
  --evaluations N  gradients and products of each method, all with mini-batches of 1000 (5000)
  --threads N      threads of the engine (1)
  --out FOLDER     where the runs are kept, and gone on with (runs/comparison-study)
  --write          also write tables and pictures into docs/
  --help           this text`;

const command = fileURLToPath(new URL('../dist/lib/cli/main.js', import.meta.url));
const page = new URL('../docs/hyper-cleaning.md', import.meta.url);

/** Runs a comparison to its end, from where it was stopped if it was. */
function compare(given, folder, batch) {
  const options = ['--out', folder, ...(existsSync(folder) ? ['--resume'] : []), '--json'];
  const { status, stdout } = spawnSync(process.execPath, [command, 'compare', ...given, ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(`bilevel compare ${given.join(' ')} ended with status ${status}`);
  const { task, budget, methods } = JSON.parse(stdout);
  const results = methods.map(({ method, seeds }) => ({
    run: methodRun(method, batch),
    outcomes: seeds.map(({ measurements, ...seed }) => ({ ...seed, curve: measurements })),
  }));
  const [[unit, amount]] = Object.entries(budget);
  return { task, budget: { unit, amount }, results, folder };
}

function textOf(title, comparison, parts) {
  const tables = parts.map((part) => part(comparison)).flatMap(({ header, rows, note }) => [table(header, rows), note]);
  const findings = claimsOf(comparison).map((claim) => `- ${claimText(claim)}`);
  return [`### ${title}`, ...tables, findings.join('\n')].filter((text) => text).join('\n\n');
}

/**
 * Training losses of the momentum methods with the same constant rates, momentum, series and mini-batches, after so many
 * evaluations: the settings above give MRBO constant steps, and SUSTAIN and MSTSA falling ones.
 */
async function alike(evaluations, threads) {
  const task = validateTask({});
  const data = await loadHyperCleaningData(task);
  const device = Device.cpu({ threads: Number(threads) });
  const rates = { upperLearningRate: 0.1, lowerLearningRate: 0.1 };
  const [series, random] = [
    { neumannRate: 0.5, neumannFactors: 3 },
    { neumannRate: 0.5, neumannTerms: 3 },
  ];
  const options = {
    vrbo: { ...series, innerSteps: 20, period: 3 },
    mrbo: { ...series, lowerMomentumRate: 0.9, upperMomentumRate: 0.9 },
    sustain: { ...random, momentumRate: 0.9 },
    mstsa: { ...series, momentumRate: 0.9 },
  };
  const rows = [];
  for (const [name, own] of Object.entries(options)) {
    const run = { ...methodRun(name, 1000), options: findMethod(name).validate({ ...own, ...rates }) };
    const cleaning = new HyperCleaningRun(task, run, data, device);
    let last;
    for await (const measured of cleaning.measure({ unit: 'evaluations', amount: Number(evaluations) }))
      last = measured;
    cleaning.dispose();
    rows.push([name, String(last.iteration), last.trainingLoss.toFixed(2), last.testLoss.toFixed(2)]);
  }
  device.dispose();
  return table(['Method', 'iterations', 'training loss', 'test loss'], rows);
}

async function draw(comparison, name) {
  const picture = new URL(`../docs/images/${name}.svg`, import.meta.url);
  await mkdir(new URL('.', picture), { recursive: true });
  await writeFile(picture, renderSvg(comparisonCharts(comparison), 2));
}

async function main() {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '60' },
      evaluations: { type: 'string', default: '5000' },
      threads: { type: 'string', default: '1' },
      out: { type: 'string', default: 'runs/comparison-study' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(usage);
  const { seconds, evaluations, threads, out } = values;
  const byTime = compare(['--seconds', seconds, '--threads', threads], join(out, 'time'));
  const equal = ['--evaluations', evaluations, '--batch', '1000', '--threads', threads];
  const byEvaluations = compare(equal, join(out, 'evaluations'), 1000);
  const noisier = compare([...equal, '--noise', '0.15'], join(out, 'evaluations-noise-0.15'), 1000);
  const settings = settingsTable(byTime);
  const processor = os.cpus()[0]?.model.trim() ?? 'unknown processor';
  const text = [
    `Measured on ${processor}, ${threads} thread${threads === '1' ? '' : 's'}, Node ${process.versions.node}, seed ${byTime.task.seed}.`,
    textOf(`${seconds} seconds each`, byTime, [lossTable, endTable]),
    ...failures(byTime).map((text) => `- ${text}`),
    textOf(`${evaluations} evaluations each, on mini-batches of 1,000`, byEvaluations, [lossTable, endTable]),
    textOf('The same with 15 % wrong labels', noisier, [lossTable]),
    `### Momentum methods with steps alike, ${evaluations} evaluations`,
    await alike(evaluations, threads),
    '### Settings of the first table',
    table(settings.header, settings.rows),
  ].join('\n\n');
  console.log(text);
  if (!values.write) return;
  await draw(byTime, 'hyper-cleaning-time');
  await draw(byEvaluations, 'hyper-cleaning-evaluations');
  await publish(page, 'measured', text);
}

await main();
