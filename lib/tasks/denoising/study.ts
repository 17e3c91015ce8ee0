import { isDataset, isForExperiments } from '../../data/dataset.js';
import { BilevelError } from '../../errors.js';
import { plainOptions, validateOptions } from '../../options.js';
import { penaltyOptions } from '../../solvers/index.js';
import {
  defineStudy,
  environmentOf,
  type Job,
  type Results,
  type Rows,
  type Step,
  seedsFrom,
  seedsOption,
} from '../../study/index.js';
import { baselines } from './baselines/index.js';
import { type Ending, endRun } from './ending.js';
import type { Judgement } from './judgement.js';
import { readingOptions } from './own/settings.js';
import { cleaningStudy } from './own/study.js';
import { denoisingPage } from './page.js';
import { publishedAccuracies } from './published.js';
import { DenoisingRun, loadDenoisingInputs, type Stage } from './run.js';
import {
  type DenoisingSettings,
  denoisingOptions,
  type GivenDenoisingSettings,
  taskOptions,
  validateSettings,
} from './settings.js';
import { factsOf, methodTable, resultsJson, type SeedResult } from './tables.js';

interface DenoisingJob extends Job {
  readonly settings: DenoisingSettings;
}

/** What is measured: how all methods did and the rest of the ending, and the time of the iterations. */
type Measured = Pick<SeedResult, 'bilevelMs' | 'methods'> & Omit<Ending, 'methods'>;

export const denoisingStudy = defineStudy({
  name: 'denoise',
  summary:
    'Finds wrong labels in training data: learns the importance of every training sample so that a network trained with ' +
    'these importances does well on clean validation samples (penalty method).',
  examples: [
    ['', '5,000 MNIST digits with half of the labels wrong'],
    ['--settings authors --seeds 5', "with the settings of the paper's authors, mean of 5 seeds"],
    ['--data fashion-mnist --network mlp --noise 0.3', ''],
    ['--data labels.csv --label species', 'a table of your own: which labels are doubtful'],
    ['--data folder:photos --shape 3,32,32 --network lenet', 'the same for a folder of images for each class'],
    ['--network mnist-cnn --train 59000 --validation 1000 --noise 0.25 --out runs/cnn', ''],
    ['--resume runs/cnn', 'goes on where that run was stopped'],
  ],
  options: {
    'Experiment:': { seeds: seedsOption, ...taskOptions },
    'Data of your own:': readingOptions,
    'Penalty method:': penaltyOptions,
  },
  instead: ({ data = taskOptions.data.default }) =>
    isDataset(String(data)) && !isForExperiments(String(data)) ? cleaningStudy : undefined,
  defaults: () =>
    denoisingOptions.settings.values.map((settings) => {
      const { task, method } = validateSettings({ settings });
      return { name: `--settings ${settings}`, values: { ...task, ...method } };
    }),
  validate: ({ seeds, ...given }) => {
    const foreign = Object.keys(given).find((name) => given[name] !== undefined && Object.hasOwn(readingOptions, name));
    if (foreign !== undefined) {
      throw new BilevelError(
        'INVALID_ARGUMENT',
        `The option ${foreign} is for data of your own: give them as the option data.`,
      );
    }
    const count = validateOptions({ seeds: seedsOption }, { seeds: seeds as number }, 'denoise').seeds;
    const first = validateSettings(given as GivenDenoisingSettings);
    return seedsFrom(first.task.seed, count).map((seed) => validateSettings({ ...given, seed }));
  },
  jobs: (settings: readonly DenoisingSettings[]) =>
    settings.map(
      (each): DenoisingJob => ({
        path: settings.length === 1 ? '' : `seed-${each.task.seed}`,
        title: 'Penalty',
        configuration: configurationOf(each),
        inputs: String(each.task.seed),
        settings: each,
      }),
    ),
  load: ({ settings }, device) => loadDenoisingInputs(settings, device),
  run: async ({ settings }, inputs, { device, signal, report }, saved) => {
    const onProgress = ({ name, done, total }: Stage): void => report(name, done, total);
    const run = await DenoisingRun.prepare(settings, inputs, device, saved?.state, { signal, onProgress });
    return {
      steps: () => stepsOf(run, judgementsOf(saved?.rows ?? []), signal),
      save: () => run.save(),
      end: async (folder, seconds) => {
        const { ending, samples } = await endRun(run, folder);
        const metrics = await folder.readMetrics();
        const result = resultOf(settings, folder.path, measuredIn(metrics, ending), seconds());
        const page = denoisingPage(result, samples, metrics, configurationOf(settings), environmentOf(device));
        await folder.writeReport(page);
        return ending;
      },
      [Symbol.dispose]: () => run.dispose(),
    };
  },
  measure: (job, rows, ending): Measured => {
    if (ending === undefined) throw new BilevelError('INVALID_FILE', `${job.title} has not ended.`);
    return measuredIn(rows, ending);
  },
  about: (results) => ({
    title: 'Cleaning labels',
    summary: `Means of ${results.outcomes.length} seeds, of which each has a page of its own.`,
    configuration: results.settings[0] === undefined ? {} : configurationOf(results.settings[0]),
  }),
  tables: (results) => [methodTable(resultsOf(results))],
  published: ({ settings: [first] }) => first && publishedAccuracies(first)?.where,
  facts: (results) => factsOf(resultsOf(results)),
  json: (results) => resultsJson(resultsOf(results)),
});

const configurationOf = ({ task, method }: DenoisingSettings): object => ({
  task: plainOptions(task),
  method: plainOptions(method),
});

const resultOf = (settings: DenoisingSettings, folder: string, measured: Measured, seconds: number): SeedResult => ({
  settings,
  folder,
  ...measured,
  wallMs: 1000 * seconds,
});

const resultsOf = ({ outcomes }: Results<readonly DenoisingSettings[], DenoisingJob, Measured>): SeedResult[] =>
  outcomes.map(({ job, folder, measured, seconds }) => resultOf(job.settings, folder, measured, seconds));

/** Wall time of the iterations that the metrics tell of. */
const wallMsOf = (metrics: Rows): number => metrics.reduce((sum, { wallMs = 0 }) => sum + Number(wallMs), 0);

const measuredIn = (metrics: Rows, ending: Ending): Measured => ({
  ...ending,
  methods: { ...Object.fromEntries(judgementsOf(metrics)), ...ending.methods },
  bilevelMs: wallMsOf(metrics),
});

/** How the baselines did that the metrics tell of, by name. */
function judgementsOf(metrics: Rows): ReadonlyMap<string, Judgement> {
  return new Map(
    metrics.flatMap(({ baseline, accuracy, auc, precision, recall }) =>
      typeof baseline === 'string' ? [[baseline, { accuracy, auc, precision, recall } as Judgement]] : [],
    ),
  );
}

/**
 * The baselines that are not yet judged, a checkpoint after each, and all iterations that are left, with one after
 * every epoch.
 */
async function* stepsOf(
  run: DenoisingRun,
  judged: ReadonlyMap<string, Judgement>,
  signal: AbortSignal,
): AsyncGenerator<Step, void, undefined> {
  const asked = run.settings.task.baselines ? baselines : [];
  for (const [index, baseline] of asked.entries()) {
    if (judged.has(baseline.name)) continue;
    const judgement = await run.judge(baseline);
    yield {
      row: { baseline: baseline.name, ...judgement },
      stage: 'Baselines',
      done: index + 1,
      total: asked.length,
      detail: `${baseline.title}  accuracy ${judgement.accuracy.toFixed(2)} %`,
      keep: true,
    };
  }
  let accuracy: number | undefined;
  for await (const { evaluations, ...report } of run.iterate(signal)) {
    accuracy = report.accuracy ?? accuracy;
    const shown = accuracy === undefined ? '' : `  accuracy ${accuracy.toFixed(2)} %`;
    yield {
      row: { ...report, ...evaluations },
      done: report.iteration,
      total: run.iterations,
      detail: `f ${report.f.toFixed(4)}  g ${report.g.toFixed(4)}${shown}`,
      keep: report.accuracy !== undefined,
    };
  }
}
