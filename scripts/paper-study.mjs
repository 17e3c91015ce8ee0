// Runs the data denoising of Mehra and Hamm 2021, and writes it beside their figures into docs/table-2.md: rows of
// Table 2, the effect of T (Fig. 5a) and accuracy against seconds (Fig. 4a).
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Device } from '../dist/lib/engine/index.js';
import { holdsRun } from '../dist/lib/study/run-files.js';
import { publishedAccuracies } from '../dist/lib/tasks/denoising/index.js';
import { findStudy } from '../dist/lib/tasks/index.js';
import { publish, publishPicture, table } from './pages.mjs';
import { completeStudy, itemsOf, processor, threadsText } from './runs.mjs';

const usage = `Usage: npm run study:paper -- [options]

  --parts A,B      of mnist-25, mnist-50, steps, cifar10-25, cifar10-50 (mnist-25,mnist-50,steps)
  --methods A,B    penalty,approxGrad
  --epochs N       passes over the training samples of a row of Table 2 (3)
  --shard I/N      every N-th run from the I-th on; auto and auto/N as bilevel takes them
  --seconds S      begins and continues no further run after S seconds; 0 shows what there is
  --threads N      threads of the engine (1)
  --out FOLDER     where the runs are kept, and gone on with (runs/paper-study)
  --write          writes what the folder holds into docs/table-2.md
  --help           this text`;

const study = findStudy('denoise');

const methods = { penalty: 'Penalty', approxGrad: 'ApproxGrad' };

/** Learning rates and lambda for few epochs, chosen by what held-out validation samples of another seed say. */
const common = {
  form: 'paper',
  baselines: false,
  pretrainLearningRate: 1e-3,
  upperLearningRate: 0.5,
  lowerLearningRate: 1e-3,
  trust: 0.5,
  trainLearningRate: 1e-3,
};

/** What a method takes so that both make T steps of v, and ApproxGrad as many on its linear system. */
const ownOptions = {
  penalty: (steps) => ({ method: 'penalty', lowerSteps: steps, lambda: 1 }),
  // A single step on the system has to be longer.
  approxGrad: (steps) => ({
    ...{ method: 'approxGrad', lowerSteps: steps, linearSteps: steps },
    linearLearningRate: steps === 1 ? 1e-2 : 1e-3,
  }),
};

const sets = {
  mnist: { data: 'mnist', network: 'mnist-cnn', train: 59_000, validation: 1000, trainSteps: 450 },
  cifar10: {
    data: 'cifar10',
    network: 'cifar-cnn',
    train: 40_000,
    validation: 10_000,
    pretrainEpochs: 30,
    trainSteps: 600,
  },
};

/** Rows of Table 2, and what is shown of T. */
const titles = {
  'mnist-25': 'MNIST, 25 %',
  'mnist-50': 'MNIST, 50 %',
  'cifar10-25': 'CIFAR-10, 25 %',
  'cifar10-50': 'CIFAR-10, 50 %',
  steps: 'effect of T',
};

/** Fig. 5a, read off the figure: MNIST with 25 % wrong labels, the network and the size of Table 2. */
const effectOfSteps = {
  1: { penalty: 96.3, approxGrad: 95.0 },
  10: { penalty: 98.6, approxGrad: 97.8 },
  20: { penalty: 98.9, approxGrad: 98.1 },
};

const small = {
  data: 'mnist',
  network: 'lenet',
  train: 5000,
  validation: 1000,
  noise: 0.25,
  epochs: 5,
  trainSteps: 200,
};

/** All runs of the chosen parts, with the names of their folders. */
function runsOf({ parts, names, epochs }) {
  return parts.flatMap((part) => {
    if (part === 'steps') {
      return [1, 10, 20].flatMap((steps) =>
        names.map((method) => ({
          ...{ part, method, steps, folder: `steps-${steps}_${method}` },
          options: { ...common, ...small, ...ownOptions[method](steps) },
        })),
      );
    }
    const [set, percent] = part.split('-');
    return names.map((method) => ({
      ...{ part, method, steps: 1, folder: `${part}_${method}` },
      options: { ...common, ...sets[set], noise: Number(percent) / 100, epochs, ...ownOptions[method](1) },
    }));
  });
}

/** What a run found so far, epoch by epoch and at its end; undefined where no epoch has ended. */
async function resultOf({ options, ...run }, out, device, begin) {
  const folder = join(out, run.folder);
  const hasEnded = () => existsSync(join(folder, 'report.html'));
  const goOn = begin || hasEnded();
  const [outcome] = goOn ? (await completeStudy(study, study.validate(options), folder, device)).outcomes : [];
  const epochs = holdsRun(folder) ? await epochsOf(folder) : [];
  if (epochs.length === 0) return undefined;
  const [lower, retrained] = hasEnded() ? Object.values(outcome.measured.methods) : [epochs.at(-1)];
  return { ...run, options, epochs, lower, retrained };
}

/** Test accuracy and AUC after each epoch, with the seconds of all iterations until then. */
async function epochsOf(folder) {
  const lines = (await readFile(join(folder, 'metrics.jsonl'), 'utf8')).split('\n').filter((line) => line !== '');
  let seconds = 0;
  const epochs = [];
  for (const { wallMs, accuracy, auc } of lines.map((line) => JSON.parse(line))) {
    seconds += wallMs / 1000;
    if (accuracy !== undefined) epochs.push({ seconds, accuracy, auc });
  }
  return epochs;
}

const found = ({ epochs, lower }) => [
  lower.auc?.toFixed(3) ?? '',
  epochs.map(({ accuracy }) => accuracy.toFixed(2)).join(', '),
];

const heads = ['AUC', 'accuracy after each epoch, %'];

function rowsText(runs) {
  const rows = runs.map((run) => {
    const [settings] = study.validate(run.options);
    const published = publishedAccuracies(settings)?.accuracies[run.method];
    const others = [run.retrained, { accuracy: published }].map((each) => each?.accuracy?.toFixed(2) ?? '');
    return [titles[run.part], methods[run.method], ...found(run), ...others];
  });
  return table(['data, wrong labels', 'method', ...heads, 'retrained, %', 'paper, %'], rows);
}

/** Networks that are trained anew are left out: they are there for the run to have all its parts. */
function stepsText(runs) {
  const rows = runs.map((run) => {
    const published = effectOfSteps[run.steps]?.[run.method].toFixed(1) ?? '';
    const iterations = run.epochs.length * Math.floor(run.options.train / 200);
    const seconds = (run.epochs.at(-1).seconds / iterations).toFixed(2);
    return [String(run.steps), methods[run.method], seconds, ...found(run), published];
  });
  return table(['T', 'method', 's an iteration', ...heads, 'paper, %'], rows);
}

/** Test error against seconds, for each set of runs of which there are any. */
function charts(found) {
  const shown = [
    ['MNIST, 25 % wrong labels, 59,000 + 1,000', found.filter(({ part }) => part === 'mnist-25')],
    ['LeNet, 25 % wrong labels, 5,000 + 1,000', found.filter(({ part }) => part === 'steps')],
  ];
  return shown.flatMap(([title, runs]) =>
    runs.length === 0
      ? []
      : [
          {
            title,
            xLabel: 'seconds of bilevel iterations',
            yLabel: 'test error, %',
            xScale: 'log',
            yScale: 'linear',
            series: runs.map(({ method, steps, epochs }) => ({
              name: `${methods[method]}, T = ${steps}`,
              points: epochs.map(({ seconds, accuracy }) => ({ x: seconds, y: 100 - accuracy })),
            })),
          },
        ],
  );
}

async function main() {
  const text = (value) => ({ type: 'string', default: value });
  const { values } = parseArgs({
    options: {
      parts: text('mnist-25,mnist-50,steps'),
      methods: text('penalty,approxGrad'),
      epochs: text('3'),
      shard: text('1/1'),
      seconds: text('Infinity'),
      threads: text('1'),
      out: text('runs/paper-study'),
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(usage);
  const [parts, names] = [values.parts.split(','), values.methods.split(',')];
  const unknown = [...parts, ...names].find((name) => !(name in titles) && !(name in methods));
  if (unknown !== undefined) throw new Error(`There is no ${unknown}.\n\n${usage}`);
  const runs = runsOf({ parts, names, epochs: Number(values.epochs) });
  const isOurs = itemsOf(runs, values.shard);
  const endsAt = performance.now() + 1000 * Number(values.seconds);
  const device = Device.cpu({ threads: Number(values.threads) });
  const found = [];
  for (const run of runs) {
    const result = await resultOf(run, values.out, device, isOurs(run) && performance.now() < endsAt);
    if (result === undefined) continue;
    found.push(result);
    console.error(`${run.folder}: accuracy ${result.lower.accuracy.toFixed(2)} %`);
  }
  device.dispose();
  const [rows, steps] = [found.filter(({ part }) => part !== 'steps'), found.filter(({ part }) => part === 'steps')];
  const page = [
    `One seed, ${threadsText(values.threads)} of ${processor()}, Node ${process.versions.node}.`,
    ...(rows.length > 0 ? ['### Table 2', rowsText(rows)] : []),
    ...(steps.length > 0 ? ['### Effect of T', stepsText(steps)] : []),
  ].join('\n\n');
  console.log(page);
  if (!values.write) return;
  await publishPicture('table-2-time', charts(found));
  await publish(new URL('../docs/table-2.md', import.meta.url), 'measured', page);
}

await main();
